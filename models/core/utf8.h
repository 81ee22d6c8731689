// UTF-8: reading code points, finding and replacing what is no UTF-8. Any thread.
//
// An ill-formed sequence is cut into "maximal subparts" as Unicode 3.9 advises, each worth one U+FFFD; Rust's
// from_utf8_lossy and Python's errors="replace" do the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llamahome {

struct Utf8Char {
    char32_t codePoint = 0xFFFD; ///< U+FFFD where invalid
    unsigned length = 1;         ///< bytes to the next character; of an invalid one its maximal subpart
    bool valid = false;
    bool cutShort = false; ///< invalid only because the text ends within the character
};

/// The character that begins at byte `at` < text.size(). Overlong forms and surrogates are invalid.
Utf8Char decodeUtf8(std::string_view text, std::size_t at);

/// Offset of the first invalid byte sequence, or npos.
std::size_t findInvalidUtf8(std::string_view text);
bool isUtf8(std::string_view text);

/// `text` with each invalid sequence replaced by U+FFFD.
std::string replaceInvalidUtf8(std::string_view text);

/// Number of bytes at the end (0 to 3) that more bytes could still make into a character.
std::size_t unfinishedUtf8Bytes(std::string_view text);

} // namespace llamahome
