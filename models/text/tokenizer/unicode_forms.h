// What a tokenizer.json's normalizers of Unicode do: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Nmt. Any
// thread.
//
// Equal to Hugging Face tokenizers, whose decompositions and marks are of an older Unicode than utf8proc's:
// what came later stays as it is (unicode_ranges.h). Time is that of a sort by combining class within runs of
// marks, else linear.
#pragma once

#include <cstddef>

#include "text/tokenizer/text_piece.h"

namespace llamahome::text {

enum class UnicodeForm { Nfc, Nfd, Nfkc, Nfkd };

/// How many times as many bytes a step may make of a text.
inline constexpr std::size_t kCanonicalGrowth = 3;   ///< U+0390
inline constexpr std::size_t kCompatibleGrowth = 11; ///< U+FDFA
inline constexpr std::size_t kLowerCaseGrowth = 2;   ///< U+023A

/// All of these take valid UTF-8; where characters change places or join, places in the input still rise.
RewrittenText normalForm(const TextPiece& piece, UnicodeForm form);
/// Character by character: a sigma at a word's end is none of its own.
RewrittenText lowerCase(const TextPiece& piece);
/// Without the marks (\p{M}); precomposed letters keep theirs.
RewrittenText withoutMarks(const TextPiece& piece);
/// Blanks of every kind become U+0020, control characters go (SentencePiece's rule "nmt").
RewrittenText nmtForm(const TextPiece& piece);

} // namespace llamahome::text
