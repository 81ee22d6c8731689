// Sizes and durations as people read them; the only formatting of either in the program. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace llamahome {

/// Decimal units as file managers show them: "270 MB", "2.5 GB", "812 B".
std::string formatBytes(std::uint64_t bytes);
/// "0.4 s", "12 s", "7 min", "2 h 05 min".
std::string formatDuration(double seconds);
/// A number with a point, three significant digits, whatever the locale: "1.42", "0.0312", "1510".
std::string formatNumber(double value, int significantDigits = 4);
/// A count with a comma at each thousand: "49,152".
std::string formatCount(std::uint64_t count);

} // namespace llamahome
