#include "text/template/conversation_check.h"

#include <array>
#include <string>
#include <string_view>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"

namespace llamahome::text {
namespace {

struct RoleName {
    std::string_view name;
    std::string_view role;
};
constexpr std::array kRoles{
    RoleName{"system", "system"},
    RoleName{"developer", "system"},
    RoleName{"user", "user"},
    RoleName{"human", "user"},
    RoleName{"assistant", "assistant"},
    RoleName{"gpt", "assistant"},
    RoleName{"chatgpt", "assistant"},
    RoleName{"bard", "assistant"},
    RoleName{"model", "assistant"},
    RoleName{"tool", "tool"},
    RoleName{"observation", "tool"},
    RoleName{"ipython", "tool"},
    RoleName{"function_response", "tool"},
};

Error turnError(std::size_t index, const std::string& what) {
    return Error{codes::kDataTurn, "turn " + std::to_string(index + 1) + ": " + what};
}

/// Text, or the texts of a list of {"type": "text"} parts joined.
Result<std::string> contentOf(const Json* content, std::size_t index) {
    if (content != nullptr && content->is_string()) return content->get<std::string>();
    if (content == nullptr || !content->is_array())
        return Error{codes::kDataField, "turn " + std::to_string(index + 1) + ": the content is " +
                                            (content == nullptr ? "missing" : content->type_name()) +
                                            ", expected text"};
    std::string text;
    for (const Json& part : *content) {
        if (stringField(part, "type") != "text" || member(part, "text") == nullptr ||
            !part["text"].is_string())
            return Error{codes::kDataField,
                         "turn " + std::to_string(index + 1) +
                             ": the content has a part that is no text; only text is learned"};
        text += part["text"].get<std::string>();
    }
    return text;
}

/// {"name": …, "arguments": …}; the arguments an object or the text of one.
Result<Message> readCall(const Json& call, std::size_t index) {
    ToolCall result{stringField(call, "name"), Json()};
    const Json* arguments = member(call, "arguments");
    if (arguments != nullptr) result.arguments = *arguments;
    if (result.arguments.is_string()) {
        auto parsed = parseJson(result.arguments.get<std::string>(), "the arguments");
        if (!parsed) return turnError(index, parsed.error().message);
        result.arguments = std::move(*parsed);
    }
    if (result.name.empty() || !result.arguments.is_object())
        return turnError(index, "found a call without a name or without arguments, expected "
                                "{\"name\": text, \"arguments\": object}");
    return Message{"assistant", {}, 0, std::move(result)};
}

/// OpenAI's list of calls.
Result<Message> readCalls(const Json& calls, std::size_t index) {
    const Json* function = calls.is_array() && calls.size() == 1 ? member(calls[0], "function") : nullptr;
    if (function != nullptr) return readCall(*function, index);
    return turnError(index, "found tool_calls that are no list of one function, expected one: the templates "
                            "have words for one call in a turn");
}

Result<Message> readMessage(const Json& turn, std::size_t index) {
    if (!turn.is_object())
        return turnError(index, "found " + std::string(turn.type_name()) +
                                    ", expected an object with role and content");
    const bool shareGpt = turn.contains("from");
    const std::string name = stringField(turn, shareGpt ? "from" : "role");
    const Json* calls = member(turn, "tool_calls");
    if (calls != nullptr && !calls->empty()) return readCalls(*calls, index);
    if (name == "function_call") {
        const auto call = parseJson(stringField(turn, "value"), "the call");
        if (!call) return turnError(index, call.error().message);
        return readCall(*call, index);
    }
    for (const RoleName& known : kRoles) {
        if (known.name != name) continue;
        auto content = contentOf(member(turn, shareGpt ? "value" : "content"), index);
        if (!content) return content.error();
        return Message{std::string(known.role), std::move(*content)};
    }
    return turnError(index, "found the role " + formats::quotedText(name) +
                                ", expected system, user, assistant or tool");
}

bool isBlank(const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

} // namespace

Result<std::vector<Message>> readMessages(const Json& list) {
    if (!list.is_array())
        return Error{codes::kDataField,
                     "the conversation is " + std::string(list.type_name()) + ", expected a list of turns"};
    std::vector<Message> messages;
    for (const Json& turn : list) {
        auto message = readMessage(turn, messages.size());
        if (!message) return message.error();
        messages.push_back(std::move(*message));
    }
    return messages;
}

void dropLeadingAnswer(std::vector<Message>& messages) {
    const std::size_t first = !messages.empty() && messages.front().role == "system" ? 1 : 0;
    if (first < messages.size() && messages[first].role == "assistant")
        messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(first));
}

Result<Example> checkedConversation(std::vector<Message> messages) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string& role = messages[i].role;
        if (role == "system" && i > 0) return turnError(i, "a system message stands here, expected it first");
        if (i > 0 && role == messages[i - 1].role && role != "tool")
            return turnError(i, "found " + role + " twice in a row, expected turns by turns");
        const bool speaks = role == "user" || (role == "assistant" && !messages[i].toolCall);
        if (speaks && isBlank(messages[i].content)) return turnError(i, "the text of " + role + " is empty");
    }
    while (!messages.empty() && messages.back().role != "assistant")
        messages.pop_back();
    if (messages.empty())
        return Error{codes::kDataTurn, "the conversation has no assistant turn, expected one to learn from"};
    Example example;
    example.messages = std::move(messages);
    return example;
}

} // namespace llamahome::text
