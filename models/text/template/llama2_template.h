// The chat format of Llama 2: [INST] … [/INST] with <<SYS>>. Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "text/template/chat_template.h"

namespace llamahome::text {

/// Whether a template, as normalTemplate() gives it, prints exactly this format.
bool isLlama2Template(std::string_view normalText);

/// TPL-02 where user and assistant do not take turns after an optional system message, the user first.
Result<std::vector<Segment>> renderLlama2(const std::vector<Message>& messages, const TemplateTokens& tokens);

} // namespace llamahome::text
