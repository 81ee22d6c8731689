#include "text/data/example.h"

#include <functional>
#include <string_view>

namespace llamahome::text {

std::uint64_t exampleHash(const Example& example) {
    // Lengths keep ("ab", "c") and ("a", "bc") apart.
    std::string key = example.plainText ? "text" + example.text : std::string();
    if (!example.tools.is_null()) key += writeJsonLine(example.tools);
    for (const Message& message : example.messages) {
        for (const std::string* part : {&message.role, &message.content})
            key += std::to_string(part->size()) + ':' + *part;
        if (message.toolCall) key += message.toolCall->name + writeJsonLine(message.toolCall->arguments);
    }
    return std::hash<std::string_view>{}(key);
}

} // namespace llamahome::text
