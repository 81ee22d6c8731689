// The turns of Llama 3, 3.1, 3.2 and 3.3. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "text/template/chat_template.h"

namespace llamahome::text {

/// "llama3.0", "llama3" or "llama3.2" for a template that prints what Meta's of that name does; empty for
/// others. Meta's texts are not ours to ship: known by every text in quotes in them, so that a template with
/// words of its own is none of them.
std::string_view llama3NameOf(std::string_view templateText);

/// As Meta's templates do (llama.md 5.1, 5.2). With a `date` a system block stands first; Llama 3's own has
/// none, and knows no tools either. Of `options` the tools count, and whether the assistant's next turn is
/// opened. TPL-02 where tools have no message to stand in.
Result<std::vector<Segment>> renderLlama3(const std::vector<Message>& messages, const RenderOptions& options,
                                          const TemplateTokens& tokens, const std::string& date);

} // namespace llamahome::text
