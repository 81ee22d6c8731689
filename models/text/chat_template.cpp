#include "text/chat_template.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/file_text.h"
#include "text/json_field.h"
#include "text/llama2_template.h"
#include "text/python_strip.h"
#include "text/template_table.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kFixedDate = "26 Jul 2024"; ///< of Meta's templates (llama.md 5.2)

std::string joinNames() {
    std::string all;
    for (const std::string& name : ChatTemplate::names())
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

/// The template's text in tokenizer_config.json: a text, or the one named "default" of a list.
std::string templateOf(const Json& config) {
    const Json* value = member(config, "chat_template");
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    for (const Json& entry : value->is_array() ? *value : Json::array()) {
        if (stringField(entry, "name") == "default") return stringField(entry, "template");
    }
    return {};
}

bool isWord(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
}

} // namespace

Result<ChatTemplate> ChatTemplate::load(const fs::path& modelFolder, std::string_view name) {
    const fs::path configPath = modelFolder / "tokenizer_config.json";
    Json config;
    if (const auto text = readFile(configPath, kMaxTokenizerBytes)) {
        JsonPlace place;
        auto parsed = parseJsonAt(*text, displayPath(configPath), place);
        if (!parsed) return parsed.error();
        config = std::move(*parsed);
    } else if (!(text.error().code == codes::kFileNotFound)) {
        return text.error();
    }
    TemplateTokens tokens{tokenText(config, "bos_token"), tokenText(config, "eos_token")};
    if (!name.empty()) return named(name, std::move(tokens));
    std::string own = templateOf(config);
    if (const auto file = readFile(modelFolder / "chat_template.jinja", kMaxTokenizerBytes))
        own = *file;
    else if (!(file.error().code == codes::kFileNotFound))
        return file.error();
    if (own.empty()) return named("plain", std::move(tokens));
    auto result = recognise(own, std::move(tokens));
    return result ? result : Result<ChatTemplate>(result.error().within(displayPath(modelFolder)));
}

Result<ChatTemplate> ChatTemplate::recognise(std::string_view templateText, TemplateTokens tokens) {
    if (auto style = recogniseStyle(templateText)) return ChatTemplate(std::move(*style), std::move(tokens));
    return Error{codes::kTemplateUnknown,
                 "the model's chat template is not known; choose one with --template: " + joinNames(),
                 std::string(templateText.substr(0, 4096))};
}

Result<ChatTemplate> ChatTemplate::named(std::string_view name, TemplateTokens tokens) {
    for (const TemplateStyle& style : templateStyles()) {
        if (style.name == name) return ChatTemplate(style, std::move(tokens));
    }
    return Error{codes::kTemplateUnknown, "found the template name " + formats::quotedText(name) +
                                              ", expected one of: " + joinNames()};
}

std::vector<std::string> ChatTemplate::names() {
    std::vector<std::string> all;
    for (const TemplateStyle& style : templateStyles())
        all.push_back(style.name);
    return all;
}

std::string ChatTemplate::turnEnd() const {
    switch (m_style.kind) {
    case TemplateKind::ChatMl:
        return "<|im_end|>";
    case TemplateKind::Llama3:
        return "<|eot_id|>";
    case TemplateKind::Llama2:
    case TemplateKind::Zephyr:
        return m_tokens.eos.empty() ? "</s>" : m_tokens.eos;
    case TemplateKind::Plain:
        break;
    }
    return m_tokens.eos;
}

std::string ChatTemplate::defaultDate(const Clock& clock) const {
    switch (m_style.date) {
    case DateRule::None:
        break;
    case DateRule::Fixed:
        return std::string(kFixedDate);
    case DateRule::Today:
        return formatTemplateDate(clock.now());
    }
    return {};
}

Result<std::vector<Segment>> ChatTemplate::render(const std::vector<Message>& messages,
                                                  const RenderOptions& options) const {
    if (messages.empty())
        return Error{codes::kTemplateMessages, "the conversation has no messages, expected at least one"};
    for (const Message& message : messages) {
        // Roles stand in template text, where special tokens are recognised.
        if (isWord(message.role)) continue;
        return Error{codes::kTemplateMessages, "found the role " + formats::quotedText(message.role) +
                                                   ", expected system, user, assistant or tool"};
    }
    switch (m_style.kind) {
    case TemplateKind::ChatMl:
        return renderChatMl(messages, options.addGenerationPrompt);
    case TemplateKind::Llama3:
        return renderLlama3(messages, options.addGenerationPrompt,
                            options.date.empty() ? defaultDate(systemClock()) : options.date);
    case TemplateKind::Llama2:
        return renderLlama2(messages, m_tokens);
    case TemplateKind::Zephyr:
        return renderZephyr(messages, options.addGenerationPrompt);
    case TemplateKind::Plain:
        break;
    }
    return renderPlain(messages);
}

std::vector<Segment> ChatTemplate::renderChatMl(const std::vector<Message>& messages, bool prompt) const {
    std::vector<Segment> out;
    if (m_style.bosFirst) out.push_back(templateText(m_tokens.bos, {}));
    if (!m_style.defaultSystem.empty() && messages.front().role != "system")
        out.push_back(
            templateText("<|im_start|>system\n" + m_style.defaultSystem + "<|im_end|>\n", "system"));
    for (const Message& message : messages) {
        const bool supervised = message.role == "assistant";
        out.push_back(templateText("<|im_start|>" + message.role + "\n", message.role));
        out.push_back({message.content, message.role, false, supervised});
        out.push_back(templateText("<|im_end|>", message.role, supervised));
        out.push_back(templateText("\n", message.role));
    }
    if (prompt) out.push_back(templateText("<|im_start|>assistant\n", "assistant"));
    return out;
}

std::vector<Segment> ChatTemplate::renderLlama3(const std::vector<Message>& messages, bool prompt,
                                                const std::string& date) const {
    std::vector<Segment> out{templateText(m_tokens.bos.empty() ? "<|begin_of_text|>" : m_tokens.bos, {})};
    const auto header = [](const std::string& role) {
        return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
    };
    std::size_t first = 0;
    if (m_style.date != DateRule::None) {
        out.push_back(
            templateText(header("system") + "Cutting Knowledge Date: December 2023\nToday Date: ", "system"));
        out.push_back({date, "system", false, false});
        out.push_back(templateText("\n\n", "system"));
        if (messages.front().role == "system") {
            out.push_back({std::string(strip(messages.front().content)), "system", false, false});
            first = 1;
        }
        out.push_back(templateText("<|eot_id|>", "system"));
    }
    for (std::size_t i = first; i < messages.size(); ++i) {
        const Message& message = messages[i];
        const bool isTool =
            m_style.date != DateRule::None && (message.role == "tool" || message.role == "ipython");
        const std::string role = isTool ? "ipython" : message.role;
        const bool supervised = role == "assistant";
        out.push_back(templateText(header(role), role));
        // Results of tools are printed as JSON; a text then stands in quotes (llama.md 5.2, 6).
        out.push_back({isTool ? writeJsonLine(message.content) : std::string(strip(message.content)), role,
                       false, supervised});
        out.push_back(templateText("<|eot_id|>", role, supervised));
    }
    if (prompt) out.push_back(templateText(header("assistant"), "assistant"));
    return out;
}

Result<std::vector<Segment>> ChatTemplate::renderZephyr(const std::vector<Message>& messages,
                                                        bool prompt) const {
    std::vector<Segment> out;
    for (const Message& message : messages) {
        const bool supervised = message.role == "assistant";
        if (!supervised && message.role != "user" && message.role != "system")
            return Error{codes::kTemplateMessages, "found the role " + formats::quotedText(message.role) +
                                                       ", expected system, user or assistant: Zephyr's "
                                                       "format has no other"};
        out.push_back(templateText("<|" + message.role + "|>\n", message.role));
        out.push_back({message.content, message.role, false, supervised});
        out.push_back(templateText(turnEnd(), message.role, supervised));
        out.push_back(templateText("\n", message.role));
    }
    if (prompt) out.push_back(templateText("<|assistant|>\n", "assistant"));
    return out;
}

std::vector<Segment> ChatTemplate::renderPlain(const std::vector<Message>& messages) const {
    std::vector<Segment> out;
    for (const Message& message : messages) {
        const bool supervised = message.role == "assistant";
        out.push_back({message.content, message.role, false, supervised});
        if (supervised && !m_tokens.eos.empty())
            out.push_back(templateText(m_tokens.eos, message.role, true));
        else
            out.push_back(templateText("\n", message.role));
    }
    return out;
}

std::string joinedText(const std::vector<Segment>& segments) {
    std::string text;
    for (const Segment& segment : segments)
        text += segment.text;
    return text;
}

} // namespace llamahome::text
