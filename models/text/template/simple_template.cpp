#include "text/template/simple_template.h"

#include <algorithm>

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::text {
namespace {

const RoleText* roleOf(const SimpleTemplate& simple, const std::string& role) {
    const auto found = std::find_if(simple.roles.begin(), simple.roles.end(),
                                    [&](const RoleText& text) { return text.role == role; });
    return found == simple.roles.end() ? nullptr : &*found;
}

} // namespace

Result<std::vector<Segment>> renderSimple(const SimpleTemplate& simple, const std::vector<Message>& messages,
                                          const RenderOptions& options, const TemplateTokens& tokens) {
    std::vector<Segment> out;
    if (!simple.start.empty()) out.push_back(templateText(simple.start, {}));
    for (const Message& message : messages) {
        const RoleText* text = roleOf(simple, message.role);
        if (text == nullptr) {
            std::string known;
            for (const RoleText& role : simple.roles)
                known += (known.empty() ? "" : ", ") + role.role;
            return Error{codes::kTemplateMessages, "found the role " + formats::quotedText(message.role) +
                                                       ", expected one of the chat template's: " + known};
        }
        const bool supervised = message.role == "assistant";
        if (!text->before.empty()) out.push_back(templateText(text->before, message.role));
        out.push_back({message.content, message.role, false, supervised});
        if (supervised)
            out.push_back(templateText(simple.end.empty() ? tokens.eos : simple.end, message.role, true));
        if (!text->after.empty()) out.push_back(templateText(text->after, message.role));
    }
    if (options.addGenerationPrompt) {
        if (const RoleText* answer = roleOf(simple, "assistant"); answer != nullptr)
            out.push_back(templateText(answer->before, answer->role));
    }
    return out;
}

} // namespace llamahome::text
