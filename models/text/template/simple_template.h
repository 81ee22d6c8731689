// SimpleTemplate: a chat format that a person wrote down, role by role. A value; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "text/template/chat_template.h"

namespace llamahome::text {

/// What stands around the texts of a role.
struct RoleText {
    std::string role; ///< system, user, assistant or tool
    std::string before;
    std::string after;
};

struct SimpleTemplate {
    std::string start; ///< before everything; empty: what the tokenizer puts before a text
    std::vector<RoleText> roles;
    std::string end; ///< ends an answer, before its `after`; empty: the model's eos token
};

/// Answers and their ends are learned, nothing else. TPL-02 for a role that the template has not.
Result<std::vector<Segment>> renderSimple(const SimpleTemplate& simple, const std::vector<Message>& messages,
                                          const RenderOptions& options, const TemplateTokens& tokens);

} // namespace llamahome::text
