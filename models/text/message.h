// Message: one turn of a conversation. A value; any thread.
#pragma once

#include <string>

namespace llamahome::text {

struct Message {
    std::string role; ///< system, user, assistant or tool
    std::string content;

    friend bool operator==(const Message&, const Message&) = default;
};

} // namespace llamahome::text
