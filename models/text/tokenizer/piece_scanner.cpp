#include "text/tokenizer/piece_scanner.h"

#include <limits>

#include "core/ascii.h"
#include "text/tokenizer/char_class.h"

namespace llamahome::text {
namespace {

bool isLineEnd(char c) {
    return c == '\r' || c == '\n';
}

/// End of the run of `charClass` that begins at `at`, at most `most` characters long.
std::size_t runEnd(std::string_view text, std::size_t at, CharClass charClass,
                   std::size_t most = std::numeric_limits<std::size_t>::max()) {
    for (std::size_t count = 0; at < text.size() && count < most; ++count) {
        const ClassedChar c = classAt(text, at);
        if (c.charClass != charClass) break;
        at += c.length;
    }
    return at;
}

/// Bytes of the contraction ('s 't 're 've 'm 'll 'd) at `at`, or 0. Folding case, ſ (U+017F) is an s.
std::size_t contractionLength(std::string_view text, std::size_t at, bool foldCase) {
    const auto letter = [&](std::size_t i) -> char {
        if (at + i >= text.size()) return '\0';
        const char c = text[at + i];
        return foldCase ? lowerAscii(c) : c;
    };
    if (text[at] != '\'') return 0;
    const char first = letter(1);
    const char second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
        return 3;
    return foldCase && text.substr(at + 1, 2) == "\xC5\xBF" ? 3 : 0;
}

/// \s+(?!\S)|\s+ at the run of blanks [at, end): the last blank before a word is left to the word.
std::size_t blankPieceEnd(std::string_view text, std::size_t at, std::size_t end) {
    if (end == text.size()) return end;
    std::size_t last = end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U)
        --last;
    return last > at ? last : end;
}

} // namespace

std::size_t llama3PieceEnd(std::string_view text, std::size_t at) {
    if (const std::size_t length = contractionLength(text, at, true)) return at + length;
    const ClassedChar first = classAt(text, at);
    if (first.charClass == CharClass::Letter) return runEnd(text, at, CharClass::Letter);
    if (first.charClass == CharClass::Number) return runEnd(text, at, CharClass::Number, 3);
    const std::size_t second = at + first.length;
    const bool hasSecond = second < text.size();
    const CharClass secondClass = hasSecond ? classAt(text, second).charClass : CharClass::Space;
    if (hasSecond && secondClass == CharClass::Letter && !isLineEnd(text[at]))
        return runEnd(text, second, CharClass::Letter);
    const bool blankFirst = text[at] == ' ' && hasSecond && secondClass == CharClass::Other;
    if (first.charClass == CharClass::Other || blankFirst) {
        std::size_t end = runEnd(text, blankFirst ? second : at, CharClass::Other);
        while (end < text.size() && isLineEnd(text[end]))
            ++end;
        return end;
    }
    const std::size_t end = runEnd(text, at, CharClass::Space);
    std::size_t lineEnd = end;
    while (lineEnd > at && !isLineEnd(text[lineEnd - 1]))
        --lineEnd;
    return lineEnd > at ? lineEnd : blankPieceEnd(text, at, end);
}

std::size_t gpt2PieceEnd(std::string_view text, std::size_t at) {
    if (const std::size_t length = contractionLength(text, at, false)) return at + length;
    const ClassedChar first = classAt(text, at);
    if (first.charClass != CharClass::Space) return runEnd(text, at, first.charClass);
    if (text[at] == ' ' && at + 1 < text.size()) {
        const CharClass next = classAt(text, at + 1).charClass;
        if (next != CharClass::Space) return runEnd(text, at + 1, next);
    }
    return blankPieceEnd(text, at, runEnd(text, at, CharClass::Space));
}

} // namespace llamahome::text
