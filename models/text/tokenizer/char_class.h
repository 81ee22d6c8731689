// Character classes of the tokenizer patterns: letter, number, blank, anything else. Any thread.
//
// Own tables, because PCRE2, ICU and Qt each mean something else by \s (llama.md 4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/utf8.h"

namespace llamahome::text {

enum class CharClass : std::uint8_t { Other, Letter, Number, Space };

/// Class of a code point: \p{L}, \p{N}, \s or none of them.
CharClass classOf(char32_t codePoint);

/// What the pre-tokenizer Digits takes for a digit: \p{N} of a newer Unicode.
bool isDigitsNumeric(char32_t codePoint);

/// What an added token with single_word takes for a part of a word.
bool isWordChar(char32_t codePoint);

/// \p{M} as the reference's normalizers know it: of an older Unicode.
bool isMark(char32_t codePoint);

/// Whether the reference's compatibility form (NFKD) of the code point is another than itself.
bool isDecomposed(char32_t codePoint);

/// What the pre-tokenizer Punctuation takes for punctuation.
bool isPunctuation(char32_t codePoint);

/// The lower case of a code point whose case the oldest supported utf8proc does not know; 0 for any other.
char32_t newerLowerCase(char32_t codePoint);

/// Class and length of the character at byte `at` of valid UTF-8.
struct ClassedChar {
    CharClass charClass;
    unsigned length;
};

ClassedChar classAt(std::string_view text, std::size_t at);

/// Bytes of the blanks that valid UTF-8 begins and ends with.
std::size_t leadingBlanks(std::string_view text);
std::size_t trailingBlanks(std::string_view text);

} // namespace llamahome::text
