#include "text/tokenizer/unicode_forms.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

#include "text/tokenizer/char_class.h"

namespace llamahome::text {
namespace {

constexpr std::size_t kLongestDecomposition = 18; ///< U+FDFA's

/// A code point and the place in the input that it comes from.
struct PlacedPoint {
    char32_t point;
    std::size_t origin;
};

void appendPoint(RewrittenText& out, char32_t point, std::size_t origin) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes.data());
    out.append({reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length)}, origin);
}

bool isAscii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

std::size_t asciiEnd(std::string_view text, std::size_t at) {
    while (at < text.size() && isAscii(text[at]))
        ++at;
    return at;
}

int combiningClass(char32_t point) {
    return isMark(point) ? utf8proc_get_property(static_cast<utf8proc_int32_t>(point))->combining_class : 0;
}

/// Whether a code point may change places or join with what stands before it: marks, and Hangul's vowels and
/// final consonants.
bool isTied(char32_t point) {
    return isMark(point) || (point >= 0x1161 && point <= 0x1175) || (point >= 0x11A8 && point <= 0x11C2);
}

/// Collects a character with all that is tied to it, and writes it in its form.
class FormWriter {
public:
    FormWriter(UnicodeForm form, RewrittenText& out)
        : m_composes(form == UnicodeForm::Nfc || form == UnicodeForm::Nfkc)
        , m_compatible(form == UnicodeForm::Nfkc || form == UnicodeForm::Nfkd)
        , m_out(out) {}

    void take(char32_t point, std::size_t origin) {
        std::array<utf8proc_int32_t, kLongestDecomposition> parts{static_cast<utf8proc_int32_t>(point)};
        std::size_t count = 1;
        if (isDecomposed(point)) {
            int boundClass = 0;
            const int options = UTF8PROC_DECOMPOSE | (m_compatible ? UTF8PROC_COMPAT : 0);
            const auto made = utf8proc_decompose_char(parts[0], parts.data(), parts.size(),
                                                      static_cast<utf8proc_option_t>(options), &boundClass);
            if (made > 0 && static_cast<std::size_t>(made) <= parts.size())
                count = static_cast<std::size_t>(made);
        }
        for (std::size_t i = 0; i < count; ++i) {
            const auto part = static_cast<char32_t>(parts[i]);
            if (!isTied(part)) flush();
            m_group.push_back({part, origin});
        }
    }

    void flush() {
        if (m_group.empty()) return;
        m_points.clear();
        sortByClass();
        for (const PlacedPoint& placed : m_group)
            m_points.push_back(static_cast<utf8proc_int32_t>(placed.point));
        std::size_t count = m_points.size();
        if (m_composes && count > 1) {
            const auto made =
                utf8proc_normalize_utf32(m_points.data(), static_cast<utf8proc_ssize_t>(count),
                                         static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
            if (made > 0) count = static_cast<std::size_t>(made);
        }
        // What joined did so with the group's first; the places of the others count from the end.
        const std::size_t joined = m_origins.size() - count;
        for (std::size_t i = 0; i < count; ++i)
            appendPoint(m_out, static_cast<char32_t>(m_points[i]), m_origins[i == 0 ? 0 : i + joined]);
        m_group.clear();
    }

private:
    /// Runs of marks rise by class; the places in the input rise whatever moves.
    void sortByClass() {
        m_origins.clear();
        for (const PlacedPoint& placed : m_group)
            m_origins.push_back(placed.origin);
        if (m_group.size() < 3) {
            const bool swapped = m_group.size() == 2 && combiningClass(m_group[1].point) > 0 &&
                                 combiningClass(m_group[0].point) > combiningClass(m_group[1].point);
            if (swapped) std::swap(m_group[0], m_group[1]);
            return;
        }
        for (auto begin = m_group.begin(); begin != m_group.end();) {
            const auto starts = [](const PlacedPoint& placed) { return combiningClass(placed.point) == 0; };
            begin = std::find_if_not(begin, m_group.end(), starts);
            const auto end = std::find_if(begin, m_group.end(), starts);
            std::stable_sort(begin, end, [](const PlacedPoint& a, const PlacedPoint& b) {
                return combiningClass(a.point) < combiningClass(b.point);
            });
            begin = end;
        }
    }

    bool m_composes;
    bool m_compatible;
    RewrittenText& m_out;
    std::vector<PlacedPoint> m_group;
    std::vector<utf8proc_int32_t> m_points;
    std::vector<std::size_t> m_origins; ///< of the group, before it is sorted
};

/// Calls with each code point and its place in the input.
template <class Visit>
void forEachPoint(const TextPiece& piece, const Visit& visit) {
    for (std::size_t at = 0; at < piece.text.size();) {
        const Utf8Char c = decodeUtf8(piece.text, at);
        visit(c.codePoint, piece.originAt(at));
        at += c.length;
    }
}

char32_t lowered(char32_t point) {
    if (const auto newer = newerLowerCase(point)) return newer;
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
}

bool isNmtControl(char32_t c) {
    return (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F ||
           c == 0x9F;
}

bool isNmtBlank(char32_t c) {
    return c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

} // namespace

RewrittenText normalForm(const TextPiece& piece, UnicodeForm form) {
    RewrittenText out;
    FormWriter writer(form, out);
    for (std::size_t at = 0; at < piece.text.size();) {
        // ASCII stays; its last character may have marks behind it.
        std::size_t end = asciiEnd(piece.text, at);
        if (end > at && end < piece.text.size()) --end;
        if (end > at) {
            writer.flush();
            out.append(piece.part(at, end));
            at = end;
            continue;
        }
        const Utf8Char c = decodeUtf8(piece.text, at);
        writer.take(c.codePoint, piece.originAt(at));
        at += c.length;
    }
    writer.flush();
    return out;
}

RewrittenText lowerCase(const TextPiece& piece) {
    RewrittenText out;
    forEachPoint(piece, [&](char32_t point, std::size_t origin) {
        // The one character whose lower case is two.
        if (point == 0x130) return out.append("i\xCC\x87", origin);
        appendPoint(out, lowered(point), origin);
    });
    return out;
}

RewrittenText withoutMarks(const TextPiece& piece) {
    RewrittenText out;
    forEachPoint(piece, [&](char32_t point, std::size_t origin) {
        if (!isMark(point)) appendPoint(out, point, origin);
    });
    return out;
}

RewrittenText nmtForm(const TextPiece& piece) {
    RewrittenText out;
    forEachPoint(piece, [&](char32_t point, std::size_t origin) {
        if (!isNmtControl(point)) appendPoint(out, isNmtBlank(point) ? U' ' : point, origin);
    });
    return out;
}

} // namespace llamahome::text
