// The byte-level alphabet: each byte written as one printable character, as GPT-2 does. Any thread.
//
// Bytes 21–7E, A1–AC and AE–FF stand for themselves; the other 68 in rising order become U+0100, U+0101 …
// (llama.md 4.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llamahome::formats {

/// The bytes that a token's spelling stands for; nothing where a character is outside the alphabet.
std::optional<std::string> bytesOfSpelling(std::string_view spelling);

/// The spelling of bytes: " a" is "Ġa".
std::string spellingOfBytes(std::string_view bytes);

} // namespace llamahome::formats
