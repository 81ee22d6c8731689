// The prompts of `generate --prompts FILE`. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "text/template/message.h"

namespace llamahome::app {

/// A text, or a conversation that waits for an answer.
struct Prompt {
    std::string text;
    std::vector<text::Message> messages;
};

/// One prompt a line; empty lines are passed over. In a .jsonl file a line is a string, {"prompt": …},
/// {"messages": […]} or a list of messages. Errors name file and line; CLI-04 when there is no prompt.
Result<std::vector<Prompt>> readPrompts(const std::filesystem::path& file);

} // namespace llamahome::app
