#include "text/template/llama3_template.h"

#include <algorithm>
#include <array>

#include "core/error_codes.h"
#include "text/template/python_json.h"
#include "text/template/python_strip.h"
#include "text/template/template_normaliser.h"

namespace llamahome::text {
namespace {

constexpr std::string_view kTurnEnd = "<|eot_id|>";
constexpr std::string_view kCallHow =
    "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
    "value}.Do not use variables.\n\n";

/// What Meta's templates hold in quotes: names, parts of turns, and what they say of dates and tools.
constexpr std::array<std::string_view, 43> kMetasTexts{
    "",
    " ",
    "role",
    "content",
    "system",
    "user",
    "assistant",
    "tool",
    "ipython",
    "tool_calls",
    "equalto",
    "code_interpreter",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|end_header_id|>\n\n",
    "<|start_header_id|>system<|end_header_id|>\n\n",
    "<|start_header_id|>user<|end_header_id|>\n\n",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "<|start_header_id|>ipython<|end_header_id|>\n\n",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|python_tag|>",
    "\n\n",
    ", ",
    ".call(",
    ")",
    "=\"",
    "\"",
    "}",
    "{\"name\": \"",
    "\", ",
    "\"parameters\": ",
    "Environment: ipython\n",
    "Tools: ",
    "Cutting Knowledge Date: December 2023\n",
    "Today Date: ",
    "26 Jul 2024",
    "%d %b %Y",
    "Given the following functions, please respond with a JSON for a function call ",
    "with its proper arguments that best answers the given prompt.\n\n",
    "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
    "value}.",
    "You have access to the following functions. To call a function, please respond with JSON for a function "
    "call.",
    "Do not use variables.\n\n"};
/// What they say where they refuse; the beginnings, as nothing of it is printed.
constexpr std::array<std::string_view, 2> kMetasRefusals{
    "Cannot put tools in the first user message when there", "This model only supports single tool-calls"};

bool isMetas(const std::string& text) {
    return std::find(kMetasTexts.begin(), kMetasTexts.end(), text) != kMetasTexts.end() ||
           std::any_of(kMetasRefusals.begin(), kMetasRefusals.end(),
                       [&](std::string_view beginning) { return text.starts_with(beginning); });
}

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

std::string_view llama3NameOf(std::string_view templateText) {
    const TemplateLiterals literals = templateLiterals(templateText);
    const auto& texts = literals.texts;
    const auto has = [&](std::string_view text) {
        return std::find(texts.begin(), texts.end(), text) != texts.end();
    };
    const bool turns = has("<|eot_id|>") && has("<|start_header_id|>");
    if (literals.hasTextBetween || !turns || !std::all_of(texts.begin(), texts.end(), isMetas)) return {};
    const std::string normal = normalTemplate(templateText);
    const auto names = [&](std::string_view word) { return normal.find(word) != std::string::npos; };
    if (!names("bos_token") || names("eos_token")) return {};
    if (has("Today Date: ")) return has("%d %b %Y") ? "llama3.2" : "llama3";
    return names("|trim") && !has("tool_calls") && !has("ipython") ? "llama3.0" : std::string_view();
}

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
