#include "text/template/llama2_template.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/template/python_strip.h"

namespace llamahome::text {
namespace {

constexpr std::string_view kPrintsUser = "bos_token+'[INST] '+content.strip()+' [/INST]'";
constexpr std::string_view kPrintsAnswer = "' '+content.strip()+' '+eos_token";
constexpr std::string_view kPrintsSystem = "'<<SYS>>\n'+content.strip()+'\n<</SYS>>\n\n'";
constexpr std::string_view kPutsSystem = "'<<SYS>>\n'+system_message+'\n<</SYS>>\n\n'+message['content']";

/// What a template prints, tag by tag; nothing where text stands between the tags.
std::optional<std::vector<std::string_view>> printsOf(std::string_view normalText) {
    std::vector<std::string_view> prints;
    while (!normalText.empty()) {
        const bool print = normalText.starts_with("{{");
        if (!print && !normalText.starts_with("{%")) return std::nullopt;
        const std::size_t end = normalText.find(print ? "}}" : "%}");
        if (end == std::string_view::npos) return std::nullopt;
        if (print) prints.push_back(normalText.substr(2, end - 2));
        normalText.remove_prefix(end + 2);
    }
    return prints;
}

} // namespace

bool isLlama2Template(std::string_view normalText) {
    const auto prints = printsOf(normalText);
    const auto has = [&](std::string_view mark) { return normalText.find(mark) != std::string_view::npos; };
    // "true==true" puts a system message of the template's own in.
    if (!prints || !has(kPutsSystem) || has("true==true")) return false;
    const auto printed = [&](std::string_view text) {
        return std::find(prints->begin(), prints->end(), text) != prints->end();
    };
    return printed(kPrintsUser) && printed(kPrintsAnswer) &&
           std::all_of(prints->begin(), prints->end(), [](std::string_view text) {
               return text == kPrintsUser || text == kPrintsAnswer || text == kPrintsSystem ||
                      text.starts_with("raise_exception(");
           });
}

Result<std::vector<Segment>> renderLlama2(const std::vector<Message>& messages,
                                          const TemplateTokens& tokens) {
    const std::string bos = tokens.bos.empty() ? "<s>" : tokens.bos;
    const std::string eos = tokens.eos.empty() ? "</s>" : tokens.eos;
    const bool hasSystem = messages.front().role == "system";
    std::vector<Segment> out;
    for (std::size_t i = hasSystem ? 1 : 0; i < messages.size(); ++i) {
        const Message& message = messages[i];
        const bool first = out.empty();
        const std::string expected = (i % 2 == 1) == hasSystem ? "user" : "assistant";
        if (message.role != expected)
            return Error{codes::kTemplateMessages, "message " + std::to_string(i + 1) + " is of the role " +
                                                       formats::quotedText(message.role) + ", expected " +
                                                       expected +
                                                       ": in Llama 2's format user and assistant take turns"};
        if (expected == "assistant") {
            // The blank is a part of the answer's first token.
            out.push_back(templateText(" ", message.role, true));
            out.push_back({std::string(strip(message.content)), message.role, false, true});
            out.push_back(templateText(" " + eos, message.role, true));
            continue;
        }
        out.push_back(templateText(bos + "[INST] ", message.role));
        std::string content(strip(message.content));
        if (first && hasSystem) {
            // The system message and the first user's are stripped as one text.
            content = stripRight(message.content);
            out.push_back(templateText("<<SYS>>\n", "system"));
            out.push_back({messages.front().content, "system", false, false});
            out.push_back(templateText(content.empty() ? "\n<</SYS>>" : "\n<</SYS>>\n\n", "system"));
        }
        out.push_back({std::move(content), message.role, false, false});
        out.push_back(templateText(" [/INST]", message.role));
    }
    if (!out.empty()) return out;
    return Error{codes::kTemplateMessages,
                 "the conversation has a system message only, expected a user's after it"};
}

} // namespace llamahome::text
