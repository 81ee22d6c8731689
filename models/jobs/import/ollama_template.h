// Ollama's templates: which of the known chat templates one stands for. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "text/template/chat_template.h"

namespace llamahome::jobs {

/// The name of the known chat template (text::ChatTemplate::names()) that writes conversations as
/// `ollamaTemplate` does, blanks aside; empty where none does. Of Go's template language that part is read
/// which lays out turns: text, text in quotes, .System, .Prompt, .Response, `range .Messages` with .Role and
/// .Content, `if` of one of them or of `eq .Role "user"`, else, end, comments and the minus signs. A template
/// that says more, is longer than 64 KiB or nested deeper than 16 levels stands for none. `tokens` are the
/// model's.
std::string chatTemplateOf(std::string_view ollamaTemplate, const text::TemplateTokens& tokens);

} // namespace llamahome::jobs
