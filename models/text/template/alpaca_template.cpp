#include "text/template/alpaca_template.h"

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::text {
namespace {

constexpr std::string_view kWithInput = "Below is an instruction that describes a task, paired with an input "
                                        "that provides further context. Write "
                                        "a response that appropriately completes the request.";
void addQuestion(const Message& message, std::vector<Segment>& out) {
    const std::string& text = message.content;
    const bool hasInput = message.inputAt > 0 && message.inputAt <= text.size();
    out.push_back(templateText("### Instruction:\n", message.role));
    out.push_back({hasInput ? text.substr(0, message.inputAt - 1) : text, message.role, false, false});
    if (hasInput) {
        out.push_back(templateText("\n\n### Input:\n", message.role));
        out.push_back({text.substr(message.inputAt), message.role, false, false});
    }
    // No line end behind it: the answer follows at once.
    out.push_back(templateText("\n\n### Response:", message.role));
}

} // namespace

Result<std::vector<Segment>> renderAlpaca(const std::vector<Message>& messages, const RenderOptions& options,
                                          const TemplateTokens& tokens) {
    const std::size_t first = messages.front().role == "system" ? 1 : 0;
    std::vector<Segment> out;
    for (std::size_t i = first; i < messages.size(); ++i) {
        const Message& message = messages[i];
        const std::string expected = (i - first) % 2 == 0 ? "user" : "assistant";
        if (message.role != expected)
            return Error{codes::kTemplateMessages, "message " + std::to_string(i + 1) + " is of the role " +
                                                       formats::quotedText(message.role) + ", expected " +
                                                       expected +
                                                       ": in Alpaca's format user and assistant take turns"};
        if (expected == "assistant") {
            out.push_back({message.content, message.role, false, true});
            out.push_back(templateText(tokens.eos, message.role, true));
            continue;
        }
        if (i > first) {
            out.push_back(templateText("\n\n", message.role));
        } else {
            const std::string_view sentence = message.inputAt > 0 ? kWithInput : kAlpacaSentence;
            out.push_back(first == 1 ? Segment{messages.front().content, "system", false, false}
                                     : templateText(std::string(sentence), "system"));
            out.push_back(templateText("\n\n", "system"));
        }
        addQuestion(message, out);
    }
    if (out.empty() || (options.addGenerationPrompt && messages.back().role != "user"))
        return Error{codes::kTemplateMessages,
                     "the conversation does not end with a user's message, expected one: in Alpaca's format "
                     "an answer follows a question"};
    return out;
}

} // namespace llamahome::text
