#include "text/data/example.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

namespace llamahome::text {
namespace {

std::uint64_t hashOf(const Example& example, std::span<const Message> messages) {
    // Lengths keep ("ab", "c") and ("a", "bc") apart.
    std::string key = example.plainText ? "text" + example.text : std::string();
    if (!example.tools.is_null()) key += writeJsonLine(example.tools);
    for (const Message& message : messages) {
        for (const std::string* part : {&message.role, &message.content})
            key += std::to_string(part->size()) + ':' + *part;
        if (message.toolCall) key += message.toolCall->name + writeJsonLine(message.toolCall->arguments);
    }
    return std::hash<std::string_view>{}(key);
}

} // namespace

std::uint64_t exampleHash(const Example& example) {
    return hashOf(example, example.messages);
}

std::uint64_t questionHash(const Example& example) {
    const auto& messages = example.messages;
    const auto answer = std::find_if(messages.rbegin(), messages.rend(),
                                     [](const Message& message) { return message.role == "assistant"; });
    const auto asked = static_cast<std::size_t>(messages.rend() - answer);
    return hashOf(example, std::span(messages).first(asked > 0 ? asked - 1 : messages.size()));
}

} // namespace llamahome::text
