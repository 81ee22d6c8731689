#include "text/template/template_text.h"

#include <string_view>

#include "formats/meta/dialogues.h"
#include "text/template/alpaca_template.h"
#include "text/template/simple_template.h"
#include "text/template/template_parts.h"

namespace llamahome::text {
namespace {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n')
            result += "\\n";
        else if (c == '\r')
            result += "\\r";
        else if (c == '\'' || c == '\\')
            (result += '\\') += c;
        else
            result += c;
    }
    return result;
}

std::string literal(std::string_view text) {
    return "'" + escaped(text) + "'";
}

std::string replaced(std::string_view text, std::string_view what, const std::string& with) {
    std::string result;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
        result.append(text.substr(0, at)).append(with);
        text.remove_prefix(at + what.size());
    }
    return result.append(text);
}

/// The model's tokens in place of the names that other programs give them, which may not know them.
std::string withTokens(std::string_view text, const std::string& bos, const std::string& eos) {
    return replaced(replaced(text, "bos_token", literal(bos)), "eos_token", literal(eos));
}

const std::string& orElse(const std::string& text, const std::string& other) {
    return text.empty() ? other : text;
}

std::string chatMl(const TemplateStyle& style, const TemplateTokens& tokens) {
    std::string text = style.bosFirst ? withTokens(kBos, tokens.bos, {}) : std::string();
    text += kLoop;
    if (!style.defaultSystem.empty()) text += replaced(kDefaultSystem, kHole, escaped(style.defaultSystem));
    return (text += kTurn) += kPrompt;
}

/// The dialogue of Llama 3.1 and later: a system block with a date, results of tools as JSON.
std::string datedLlama3(DateRule rule, const TemplateTokens& tokens) {
    constexpr std::string_view kFixed = "{%- set date_string = '26 Jul 2024' %}";
    std::string date(kFixed);
    if (rule == DateRule::Today)
        date = "{%- if strftime_now is defined %}{%- set date_string = strftime_now('%d %b %Y') %}"
               "{%- else %}" +
               date + "{%- endif %}";
    return "{{- " + literal(orElse(tokens.bos, "<|begin_of_text|>")) +
           " }}{%- if date_string is not defined %}" + date +
           "{%- endif %}"
           "{%- if tools %}{{- raise_exception('this template has no words for tools') }}{%- endif %}"
           "{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] | trim %}"
           "{%- set turns = messages[1:] %}{%- else %}{%- set system = '' %}{%- set turns = messages %}"
           "{%- endif %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\nCutting Knowledge Date: "
           "December 2023\\nToday Date: ' + date_string + '\\n\\n' + system + '<|eot_id|>' }}"
           "{%- for message in turns %}{%- if message['tool_calls'] %}"
           "{{- raise_exception('this template has no words for calls of functions') }}"
           "{%- elif message['role'] == 'tool' or message['role'] == 'ipython' %}"
           "{{- '<|start_header_id|>ipython<|end_header_id|>\\n\\n' + (message['content'] | tojson) + "
           "'<|eot_id|>' }}{%- else %}"
           "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + (message['content'] | "
           "trim) + '<|eot_id|>' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}"
           "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}";
}

std::string printed(const std::string& text) {
    return text.empty() ? std::string() : "{{- " + literal(text) + " }}";
}

std::string alpaca(const TemplateTokens& tokens) {
    return "{%- if messages[0]['role'] == 'system' %}{%- set opening = messages[0]['content'] %}"
           "{%- set turns = messages[1:] %}{%- else %}{%- set opening = " +
           literal(kAlpacaSentence) +
           " %}{%- set turns = messages %}{%- endif %}{%- for message in turns %}"
           "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
           "{{- raise_exception('user and assistant take turns, the user first') }}{%- endif %}"
           "{%- if message['role'] == 'user' %}{{- (opening if loop.first else '') + '\\n\\n### "
           "Instruction:\\n' + message['content'] + '\\n\\n### Response:' }}{%- else %}"
           "{{- message['content'] + " +
           literal(tokens.eos) + " }}{%- endif %}{%- endfor %}";
}

std::string plain(const TemplateTokens& tokens) {
    return "{%- for message in messages %}{{- message['content'] + (" + literal(orElse(tokens.eos, "\n")) +
           " if message['role'] == 'assistant' else '\\n') }}{%- endfor %}";
}

std::string simple(const SimpleTemplate& own, const TemplateTokens& tokens) {
    std::string text = printed(own.start) + "{%- for message in messages %}";
    std::string answerBefore;
    const char* word = "{%- if ";
    for (const RoleText& role : own.roles) {
        const bool answers = role.role == "assistant";
        if (answers) answerBefore = role.before;
        const std::string end = answers ? orElse(own.end, tokens.eos) : std::string();
        text += word + ("message['role'] == " + literal(role.role)) + " %}{{- " + literal(role.before) +
                " + message['content'] + " + literal(end + role.after) + " }}";
        word = "{%- elif ";
    }
    return text +
           "{%- else %}{{- raise_exception('a role that the template has not') }}{%- endif %}{%- endfor %}"
           "{%- if add_generation_prompt %}{{- " +
           literal(answerBefore) + " }}{%- endif %}";
}

} // namespace

std::string jinjaTextOf(const TemplateStyle& style, const TemplateTokens& tokens, const std::string& prefix) {
    const std::string first = printed(prefix);
    switch (style.kind) {
    case TemplateKind::ChatMl:
        return first + chatMl(style, tokens);
    case TemplateKind::Llama3:
        if (style.date != DateRule::None) return first + datedLlama3(style.date, tokens);
        return first +
               withTokens(formats::kLlama3Dialogue, orElse(tokens.bos, "<|begin_of_text|>"), tokens.eos);
    case TemplateKind::Llama2:
        return first +
               withTokens(formats::kLlama2Dialogue, orElse(tokens.bos, "<s>"), orElse(tokens.eos, "</s>"));
    case TemplateKind::Zephyr:
        return first + withTokens(kZephyr, tokens.bos, orElse(tokens.eos, "</s>"));
    case TemplateKind::Alpaca:
        return first + alpaca(tokens);
    case TemplateKind::Simple:
        return first + simple(*style.simple, tokens);
    case TemplateKind::Plain:
        break;
    }
    return first + plain(tokens);
}

} // namespace llamahome::text
