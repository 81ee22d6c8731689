#include "app/commands/option_numbers.h"

#include <charconv>

#include "core/error_codes.h"

namespace llamahome::app {

Result<int> countOption(const std::string& option, const std::optional<std::string>& text, int fallback,
                        int minimum, int maximum) {
    if (!text) return fallback;
    int value = 0;
    const char* end = text->data() + text->size();
    const auto [rest, failure] = std::from_chars(text->data(), end, value);
    if (failure == std::errc{} && rest == end && value >= minimum && value <= maximum) return value;
    return Error{codes::kUsage, option + ": found '" + *text + "', expected a whole number from " +
                                    std::to_string(minimum) + " to " + std::to_string(maximum)};
}

} // namespace llamahome::app
