#include "text/template/chat_template.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/file_text.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/tokenizer_files.h"
#include "text/template/alpaca_template.h"
#include "text/template/llama2_template.h"
#include "text/template/llama3_template.h"
#include "text/template/simple_template.h"
#include "text/template/template_normaliser.h"
#include "text/template/template_table.h"
#include "text/template/template_text.h"
#include "text/token_text.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::text {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kFixedDate = "26 Jul 2024"; ///< of Meta's templates (llama.md 5.2)
constexpr std::size_t kShownBytes = 1000;              ///< of an unknown template

std::string joinNames() {
    std::string all;
    for (const std::string& name : ChatTemplate::names())
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

bool isWord(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
}

/// tokenizer_config.json of a model; null where there is none.
Result<Json> tokenizerConfigOf(const fs::path& modelFolder) {
    return formats::readJsonIfThere(modelFolder / formats::kTokenizerConfig);
}

Result<TemplateTokens> tokensOf(const fs::path& modelFolder, const Json& config) {
    TemplateTokens tokens{tokenText(config, "bos_token"), tokenText(config, "eos_token")};
    if (!tokens.eos.empty()) return tokens;
    const auto tokenizer = Tokenizer::load(modelFolder);
    if (!tokenizer && tokenizer.error().code == codes::kFileNotFound) return tokens;
    if (!tokenizer) return tokenizer.error();
    if (!tokenizer->endTokens().empty()) tokens.eos = tokenizer->tokenBytes(tokenizer->endTokens().front());
    if (config.is_null() && tokenizer->bos()) tokens.bos = tokenizer->tokenBytes(*tokenizer->bos());
    return tokens;
}

} // namespace

Result<ChatTemplate> ChatTemplate::load(const fs::path& modelFolder, std::string_view name) {
    const auto config = tokenizerConfigOf(modelFolder);
    if (!config) return config.error();
    auto tokens = tokensOf(modelFolder, *config);
    if (!tokens) return tokens.error();
    if (!name.empty()) return named(name, std::move(*tokens));
    const auto own = formats::readChatTemplate(modelFolder, *config);
    if (!own) return own.error();
    if (!*own || (*own)->empty()) return named("plain", std::move(*tokens));
    auto result = recognise(**own, std::move(*tokens));
    return result ? result : Result<ChatTemplate>(result.error().within(displayPath(modelFolder)));
}

Result<ChatTemplate> ChatTemplate::own(const fs::path& modelFolder, std::string name, SimpleTemplate simple) {
    const auto config = tokenizerConfigOf(modelFolder);
    if (!config) return config.error();
    auto tokens = tokensOf(modelFolder, *config);
    if (!tokens) return tokens.error();
    TemplateStyle style;
    style.name = std::move(name);
    style.kind = TemplateKind::Simple;
    style.simple = std::make_shared<const SimpleTemplate>(std::move(simple));
    return ChatTemplate(std::move(style), std::move(*tokens));
}

Result<ChatTemplate> ChatTemplate::recognise(std::string_view templateText, TemplateTokens tokens) {
    if (auto style = recogniseStyle(templateText)) return ChatTemplate(std::move(*style), std::move(tokens));
    const std::string normal = normalTemplate(templateText);
    for (const TemplateStyle& style : templateStyles()) { // as they stand in files of our own
        ChatTemplate own(style, tokens);
        const auto isOwn = [&](const std::string& prefix) {
            return normalTemplate(own.jinja(prefix)) == normal;
        };
        if (isOwn({}) || (own.wantsTokenizerPrefix() && !tokens.bos.empty() && isOwn(tokens.bos))) return own;
    }
    return Error{codes::kTemplateUnknown,
                 "the model's chat template is not known; choose one with --template: " + joinNames() +
                     ", or a .yaml file of your own",
                 "its chat template begins:\n" + std::string(templateText.substr(0, kShownBytes))};
}

Result<ChatTemplate> ChatTemplate::named(std::string_view name, TemplateTokens tokens) {
    if (auto style = styleNamed(name)) return ChatTemplate(std::move(*style), std::move(tokens));
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
    case TemplateKind::Simple:
        return m_style.simple->end.empty() ? m_tokens.eos : m_style.simple->end;
    case TemplateKind::Plain:
    case TemplateKind::Alpaca:
        break;
    }
    return m_tokens.eos;
}

std::vector<std::string> ChatTemplate::answerEnds() const {
    std::vector<std::string> ends{turnEnd()};
    if (m_style.kind == TemplateKind::Llama3 && m_style.date != DateRule::None)
        ends.emplace_back("<|eom_id|>");
    return ends;
}

std::string ChatTemplate::jinja(const std::string& prefix) const {
    return jinjaTextOf(m_style, m_tokens, wantsTokenizerPrefix() ? prefix : std::string());
}

bool ChatTemplate::wantsTokenizerPrefix() const {
    return m_style.kind == TemplateKind::Plain || m_style.kind == TemplateKind::Alpaca ||
           (m_style.kind == TemplateKind::Simple && m_style.simple->start.empty());
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

std::string ChatTemplate::dateOf(const RenderOptions& options) const {
    if (m_style.date == DateRule::None) return {};
    return options.date.empty() ? defaultDate(systemClock()) : options.date;
}

Result<std::vector<Segment>> ChatTemplate::render(const std::vector<Message>& messages,
                                                  const RenderOptions& options) const {
    if (messages.empty())
        return Error{codes::kTemplateMessages, "the conversation has no messages, expected at least one"};
    for (const Message& message : messages) {
        if (message.toolCall && m_style.date == DateRule::None)
            return Error{codes::kTemplateMessages, "found the call of a function, which the chat template " +
                                                       formats::quotedText(name()) +
                                                       " has no words for; expected texts only, or llama3"};
        // Roles stand in template text, where special tokens are recognised.
        if (isWord(message.role)) continue;
        return Error{codes::kTemplateMessages, "found the role " + formats::quotedText(message.role) +
                                                   ", expected system, user, assistant or tool"};
    }
    switch (m_style.kind) {
    case TemplateKind::ChatMl:
        return renderChatMl(messages, options.addGenerationPrompt);
    case TemplateKind::Llama3:
        return renderLlama3(messages, options, m_tokens, dateOf(options));
    case TemplateKind::Llama2:
        return renderLlama2(messages, m_tokens);
    case TemplateKind::Zephyr:
        return renderZephyr(messages, options.addGenerationPrompt);
    case TemplateKind::Alpaca:
        return renderAlpaca(messages, options, m_tokens);
    case TemplateKind::Simple:
        return renderSimple(*m_style.simple, messages, options, m_tokens);
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
