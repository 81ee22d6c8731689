#include "app/commands/message_json.h"

#include "core/error_codes.h"
#include "text/template/conversation_check.h"

namespace llamahome::app {

Result<std::vector<text::Message>> messagesOf(const Json& json, std::string_view what) {
    const bool isWrapped = json.is_object() && json.contains("messages");
    const Json& list = isWrapped ? json["messages"] : json;
    if (!list.is_array() || list.empty())
        return Error{codes::kJsonShape,
                     std::string(what) + ": found " + (list.is_array() ? "an empty list" : list.type_name()) +
                         R"(, expected messages such as [{"role":"user","content":"Hello"}])"};
    auto messages = text::readMessages(list);
    if (!messages) return messages.error().within(what);
    return messages;
}

} // namespace llamahome::app
