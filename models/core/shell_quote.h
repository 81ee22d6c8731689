// Words as a POSIX shell takes them again. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome {

/// `text` in single quotes.
std::string shellQuoted(std::string_view text);

/// The words with blanks between; those that need it are quoted.
std::string shellLine(const std::vector<std::string>& words);

} // namespace llamahome
