// The texts that Stanford's Alpaca was trained with, for models without a chat format. Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"
#include "text/template/chat_template.h"

namespace llamahome::text {

/// Stands above an instruction without an input.
inline constexpr std::string_view kAlpacaSentence =
    "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.";

/// "### Instruction:", "### Input:" and "### Response:" (llama.md 5.4; stanford_alpaca, train.py). A system
/// message stands in place of the sentence above them; further turns follow the end token and a blank line.
/// TPL-02 where user and assistant do not take turns.
Result<std::vector<Segment>> renderAlpaca(const std::vector<Message>& messages, const RenderOptions& options,
                                          const TemplateTokens& tokens);

} // namespace llamahome::text
