// A chat template as Jinja text, for other programs: the inverse of recognising one. Any thread.
#pragma once

#include <string>

#include "text/template/chat_template.h"

namespace llamahome::text {

/// A text of our own wording that transformers renders as ChatTemplate::render() does, for texts in turns as
/// they are; calls of functions and tools are refused where the style has words for them. The model's own
/// tokens stand in it as they are spelled, `prefix` before everything.
std::string jinjaTextOf(const TemplateStyle& style, const TemplateTokens& tokens, const std::string& prefix);

} // namespace llamahome::text
