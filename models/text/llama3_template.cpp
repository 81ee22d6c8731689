#include "text/llama3_template.h"

#include "core/error_codes.h"
#include "text/python_json.h"
#include "text/python_strip.h"

namespace llamahome::text {
namespace {

constexpr std::string_view kTurnEnd = "<|eot_id|>";
constexpr std::string_view kCallHow =
    "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
    "value}.Do not use variables.\n\n";

std::string header(const std::string& role) {
    return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
}

class Renderer {
public:
    explicit Renderer(bool hasPreamble)
        : m_hasPreamble(hasPreamble) {}

    void writeTemplate(std::string text, const std::string& role, bool supervised = false) {
        segments.push_back(templateText(std::move(text), role, supervised));
    }
    void writeContent(std::string text, const std::string& role, bool supervised = false) {
        segments.push_back({std::move(text), role, false, supervised});
    }

    /// The block that stands first whether or not there is a system message; true: it took the first message.
    bool preamble(const Message& first, const std::string& date, bool hasTools) {
        writeTemplate(header("system") + (hasTools ? "Environment: ipython\n" : "") +
                          "Cutting Knowledge Date: December 2023\nToday Date: ",
                      "system");
        writeContent(date, "system");
        writeTemplate("\n\n", "system");
        const bool takes = first.role == "system";
        if (takes) writeContent(std::string(strip(first.content)), "system");
        writeTemplate(std::string(kTurnEnd), "system");
        return takes;
    }

    /// The message that the tools stand before is a user's, whatever its role.
    void toolsAndMessage(const Json& tools, const Message& message) {
        writeTemplate(
            header("user") +
                "Given the following functions, please respond with a JSON for a function call with "
                "its proper arguments that best answers the given prompt.\n\n" +
                std::string(kCallHow),
            "user");
        for (const Json& tool : tools) {
            writeContent(pythonJsonIndented(tool), "user");
            writeTemplate("\n\n", "user");
        }
        writeContent(std::string(strip(message.content)), "user");
        writeTemplate(std::string(kTurnEnd), "user");
    }

    void turn(const Message& message) {
        if (message.toolCall) return call(*message.toolCall);
        const bool isTool = m_hasPreamble && (message.role == "tool" || message.role == "ipython");
        const std::string role = isTool ? "ipython" : message.role;
        const bool supervised = role == "assistant";
        writeTemplate(header(role), role);
        // Results of tools are printed as JSON; a text then stands in quotes (llama.md 5.2, 6).
        writeContent(isTool ? pythonJson(message.content) : std::string(strip(message.content)), role,
                     supervised);
        writeTemplate(std::string(kTurnEnd), role, supervised);
    }

    std::vector<Segment> segments;

private:
    void call(const ToolCall& call) {
        writeTemplate(header("assistant"), "assistant");
        writeContent("{\"name\": \"" + call.name + "\", \"parameters\": " + pythonJson(call.arguments) + "}",
                     "assistant", true);
        writeTemplate(std::string(kTurnEnd), "assistant", true);
    }

    bool m_hasPreamble;
};

} // namespace

Result<std::vector<Segment>> renderLlama3(const std::vector<Message>& messages, const RenderOptions& options,
                                          const TemplateTokens& tokens, const std::string& date) {
    const bool hasPreamble = !date.empty();
    const bool hasTools = hasPreamble && !options.tools.empty();
    Renderer out(hasPreamble);
    out.writeTemplate(tokens.bos.empty() ? "<|begin_of_text|>" : tokens.bos, {});
    std::size_t at = 0;
    if (hasPreamble && out.preamble(messages.front(), date, hasTools)) ++at;
    if (hasTools) {
        if (at == messages.size())
            return Error{codes::kTemplateMessages,
                         "the conversation has tools but no message for them to stand in, expected a user's"};
        out.toolsAndMessage(options.tools, messages[at++]);
    }
    for (; at < messages.size(); ++at)
        out.turn(messages[at]);
    if (options.addGenerationPrompt) out.writeTemplate(header("assistant"), "assistant");
    return std::move(out.segments);
}

} // namespace llamahome::text
