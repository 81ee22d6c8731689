// Case of ASCII letters, whatever the locale says. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace llamahome {

constexpr char lowerAscii(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// `text` with its ASCII letters in lower case; all other bytes stay.
inline std::string lowerAscii(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        c = lowerAscii(c);
    return lower;
}

} // namespace llamahome
