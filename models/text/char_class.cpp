#include "text/char_class.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "text/unicode_ranges.h"

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

} // namespace

CharClass classOf(char32_t codePoint) {
    static const std::vector<CharClass> table = makeTable();
    return codePoint < kTableEnd ? table[codePoint] : CharClass::Other;
}

bool isDigitsNumeric(char32_t codePoint) {
    return classOf(codePoint) == CharClass::Number ||
           std::any_of(std::begin(kExtraDigitRanges), std::end(kExtraDigitRanges),
                       [&](const CodePointRange& r) { return codePoint >= r.first && codePoint <= r.last; });
}

ClassedChar classAt(std::string_view text, std::size_t at) {
    const Utf8Char c = decodeUtf8(text, at);
    return {classOf(c.codePoint), c.length};
}

} // namespace llamahome::text
