#include "formats/meta/meta_checklist.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "formats/file_text.h"
#include "formats/hub/model_weights.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMd5Digits = 32;
constexpr std::uint64_t kMaxChecklistBytes = 1U << 20;

std::string_view withoutPrefix(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

} // namespace

Result<std::vector<std::pair<std::string, std::string>>> parseMetaChecklist(std::string_view text,
                                                                            const std::string& shownPath) {
    std::vector<std::pair<std::string, std::string>> sums;
    std::size_t lineNumber = 0;
    while (!text.empty()) {
        ++lineNumber;
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        const std::string sum = lowerAscii(line.substr(0, kMd5Digits));
        std::string_view name = line.substr(std::min(line.size(), kMd5Digits));
        const std::size_t begin = name.find_first_not_of(" \t");
        const bool hasBlank = begin != std::string_view::npos && begin > 0;
        name = withoutPrefix(withoutPrefix(name.substr(hasBlank ? begin : 0), "*"), "./");
        if (!hasBlank || sum.size() != kMd5Digits ||
            sum.find_first_not_of("0123456789abcdef") != std::string::npos || !isPlainFileName(name))
            return Error{codes::kMetaChecklist,
                         shownPath + ": line " + std::to_string(lineNumber) + ": found " + quotedText(line) +
                             ", expected an MD5 sum and a file's name; get the file again"};
        sums.emplace_back(name, sum);
    }
    return sums;
}

Result<void> checkMetaChecklist(const fs::path& folder, const CancelToken& cancel,
                                const ProgressSink& progress) {
    const fs::path list = folder / "checklist.chk";
    std::error_code failure;
    if (!fs::exists(list, failure)) return {};
    const auto text = readFile(list, kMaxChecklistBytes);
    if (!text) return text.error();
    const auto sums = parseMetaChecklist(*text, displayPath(list));
    if (!sums) return sums.error();
    Progress state{"comparing with checklist.chk", 0, 0, "bytes"};
    for (const auto& [name, sum] : *sums) {
        const auto size = fileSize(folder / name);
        if (!size)
            return Error{codes::kMetaChecklist, displayPath(folder / name) +
                                                    ": is named in checklist.chk, but " +
                                                    "missing; get all files of the model"};
        state.total += *size;
    }
    for (const auto& [name, sum] : *sums) {
        const std::uint64_t before = state.done;
        const auto found = md5File(folder / name, cancel, [&](const Progress& step) {
            state.done = std::min(before + step.done, state.total);
            if (progress) progress(state);
        });
        if (!found) return found.error();
        if (*found != sum)
            return Error{codes::kMetaChecklist, displayPath(folder / name) + ": found the MD5 sum " + *found +
                                                    ", expected " + sum +
                                                    " by checklist.chk; get this file again"};
    }
    return {};
}

} // namespace llamahome::formats
