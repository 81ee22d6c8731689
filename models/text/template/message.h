// Message: one turn of a conversation. A value; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/json.h"

namespace llamahome::text {

/// What an assistant says where it wants a function called.
struct ToolCall {
    std::string name;
    Json arguments; ///< an object

    friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

struct Message {
    std::string role; ///< system, user, assistant or tool
    std::string content;
    /// Of an Alpaca row: where its input begins in `content`, behind the line end that follows the
    /// instruction; 0: it has none.
    std::size_t inputAt = 0;
    std::optional<ToolCall> toolCall = {}; ///< an assistant's; `content` then counts for nothing

    friend bool operator==(const Message&, const Message&) = default;
};

} // namespace llamahome::text
