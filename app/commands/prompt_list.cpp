#include "app/commands/prompt_list.h"

#include <algorithm>
#include <string_view>

#include "app/commands/message_json.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"

namespace llamahome::app {
namespace {

Result<Prompt> promptOfJson(std::string_view line, const std::string& place) {
    const auto json = parseJson(line, place);
    if (!json) return json.error();
    if (json->is_string()) return Prompt{json->get<std::string>(), {}};
    if (json->is_object() && json->contains("prompt")) {
        const Json& prompt = (*json)["prompt"];
        if (prompt.is_string()) return Prompt{prompt.get<std::string>(), {}};
        return Error{codes::kJsonShape,
                     place + ": prompt: found " + prompt.type_name() + ", expected a text"};
    }
    auto messages = messagesOf(*json, place);
    if (!messages) return messages.error();
    return Prompt{{}, std::move(*messages)};
}

} // namespace

Result<std::vector<Prompt>> readPrompts(const std::filesystem::path& file) {
    const auto content = readFile(file);
    if (!content) return content.error();
    const bool isJson = file.extension() == ".jsonl";
    std::vector<Prompt> prompts;
    std::string_view rest = *content;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        if (!isJson) {
            prompts.push_back(Prompt{std::string(line), {}});
            continue;
        }
        auto prompt = promptOfJson(line, displayPath(file) + ":" + std::to_string(number));
        if (!prompt) return prompt.error();
        prompts.push_back(std::move(*prompt));
    }
    if (!prompts.empty()) return prompts;
    return Error{codes::kNoPrompt, displayPath(file) + ": found no prompt, expected one a line"};
}

} // namespace llamahome::app
