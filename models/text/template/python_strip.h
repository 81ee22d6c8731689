// Python's str.strip(), which templates call. Any thread.
#pragma once

#include <string_view>

namespace llamahome::text {

/// Valid UTF-8 without the blanks around it; U+001C to U+001F are blanks too.
std::string_view strip(std::string_view text);
/// Without the blanks at its end: str.rstrip().
std::string_view stripRight(std::string_view text);

} // namespace llamahome::text
