#include "jobs/train/example_file.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/json_lines.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxBytes = 256U << 20;

Json exampleJson(const std::vector<text::Message>& messages) {
    Json turns = Json::array();
    for (const text::Message& message : messages)
        turns.push_back(Json{{"role", message.role}, {"content", message.content}});
    return Json{{"messages", turns}};
}

} // namespace

fs::path ownExamplesFile(const DataRoot& root) {
    return root.samples() / "my_examples.jsonl";
}

Result<AddedExample> addExample(FileLayer& files, const DataRoot& root,
                                const std::vector<text::Message>& messages) {
    AddedExample added{ownExamplesFile(root), writeJsonLine(exampleJson(messages)), 0};
    if (auto made = files.makeDirectories(root.samples()); !made) return made.error();
    auto lines = JsonLines::open(files, added.file);
    if (!lines) return lines.error();
    if (auto appended = lines->append(exampleJson(messages)); !appended) return appended.error();
    if (auto synced = lines->sync(); !synced) return synced.error();
    const auto text = readFile(added.file, kMaxBytes);
    if (!text) return text.error();
    added.examples = static_cast<std::uint64_t>(std::count(text->begin(), text->end(), '\n'));
    return added;
}

Result<void> takeBackExample(FileLayer& files, const AddedExample& added) {
    const auto text = readFile(added.file, kMaxBytes);
    if (!text) return text.error();
    const std::string line = added.line + '\n';
    const bool isLast = text->ends_with(line) &&
                        (text->size() == line.size() || (*text)[text->size() - line.size() - 1] == '\n');
    if (!isLast)
        return Error{codes::kDataChanged, displayPath(added.file.filename()) +
                                              ": the example is not its last one any more, so it stays; "
                                              "take it out with an editor"};
    if (text->size() == line.size()) return files.remove(added.file);
    return writeFileAtomically(files, added.file, text->substr(0, text->size() - line.size()));
}

} // namespace llamahome::jobs
