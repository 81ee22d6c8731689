#include "text/tokenizer/char_class.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "text/tokenizer/unicode_ranges.h"

namespace llamahome::text {
namespace {

constexpr char32_t kTableEnd = 0x32400; ///< no letter, number or blank lies at or above it

/// One class a code point, filled from the ranges when first needed.
std::vector<CharClass> makeTable() {
    std::vector<CharClass> table(kTableEnd, CharClass::Other);
    const auto fill = [&](const auto& ranges, CharClass charClass) {
        for (const CodePointRange& range : ranges)
            std::fill(table.begin() + range.first, table.begin() + range.last + 1, charClass);
    };
    fill(kLetterRanges, CharClass::Letter);
    fill(kNumberRanges, CharClass::Number);
    fill(kSpaceRanges, CharClass::Space);
    return table;
}

template <std::size_t N>
constexpr bool endsBelowTableEnd(const CodePointRange (&ranges)[N]) {
    return ranges[N - 1].last < kTableEnd;
}
static_assert(endsBelowTableEnd(kLetterRanges) && endsBelowTableEnd(kNumberRanges) &&
              endsBelowTableEnd(kSpaceRanges));

/// Whether one of the rising ranges holds the code point.
template <std::size_t N>
bool isIn(const CodePointRange (&ranges)[N], char32_t codePoint) {
    const auto range =
        std::lower_bound(std::begin(ranges), std::end(ranges), codePoint,
                         [](const CodePointRange& r, char32_t point) { return r.last < point; });
    return range != std::end(ranges) && range->first <= codePoint;
}

} // namespace

CharClass classOf(char32_t codePoint) {
    static const std::vector<CharClass> table = makeTable();
    return codePoint < kTableEnd ? table[codePoint] : CharClass::Other;
}

bool isDigitsNumeric(char32_t codePoint) {
    return classOf(codePoint) == CharClass::Number || isIn(kExtraDigitRanges, codePoint);
}

bool isWordChar(char32_t codePoint) {
    return isIn(kWordRanges, codePoint);
}

bool isMark(char32_t codePoint) {
    return codePoint >= 0x300 && isIn(kMarkRanges, codePoint);
}

bool isDecomposed(char32_t codePoint) {
    return codePoint >= 0xA0 && isIn(kDecomposedRanges, codePoint);
}

bool isPunctuation(char32_t codePoint) {
    return isIn(kPunctuationRanges, codePoint);
}

char32_t newerLowerCase(char32_t codePoint) {
    for (const CaseRange& range : kNewerLowerCase) {
        if (codePoint >= range.first && codePoint <= range.last)
            return range.lower + (codePoint - range.first);
    }
    return 0;
}

ClassedChar classAt(std::string_view text, std::size_t at) {
    const Utf8Char c = decodeUtf8(text, at);
    return {classOf(c.codePoint), c.length};
}

std::size_t leadingBlanks(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const ClassedChar c = classAt(text, at);
        if (c.charClass != CharClass::Space) break;
        at += c.length;
    }
    return at;
}

std::size_t trailingBlanks(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0) {
        std::size_t last = end - 1;
        while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U)
            --last;
        if (classAt(text, last).charClass != CharClass::Space) break;
        end = last;
    }
    return text.size() - end;
}

} // namespace llamahome::text
