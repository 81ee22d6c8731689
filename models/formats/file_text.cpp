#include "formats/file_text.h"

#include <array>

namespace llamahome::formats {
namespace {

constexpr std::size_t kShownBytes = 120;

struct Decoded {
    char32_t codePoint = 0;
    std::size_t length = 0; ///< 0: not well-formed
};

/// The character at the start of `text`, by table 3-7 of the Unicode standard.
Decoded decodeFirst(std::string_view text) {
    const auto byteAt = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byteAt(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xC2 || lead > 0xF4) return {};
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < length) return {};
    const unsigned char second = byteAt(1);
    const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < lowest || second > highest) return {};
    char32_t codePoint = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byteAt(i) & 0xC0) != 0x80) return {};
        codePoint = (codePoint << 6) | (byteAt(i) & 0x3FU);
    }
    return {codePoint, length};
}

std::string hexEscape(std::string_view prefix, char32_t value, int digits) {
    std::string text(prefix);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text += "0123456789abcdef"[(value >> shift) & 0xF];
    return text;
}

} // namespace

std::optional<std::size_t> firstInvalidUtf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Decoded decoded = decodeFirst(text.substr(at));
        if (decoded.length == 0) return at;
        at += decoded.length;
    }
    return std::nullopt;
}

bool isDeceptive(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool isPlainText(std::string_view text) {
    while (!text.empty()) {
        const Decoded decoded = decodeFirst(text);
        if (decoded.length == 0 || isDeceptive(decoded.codePoint)) return false;
        text.remove_prefix(decoded.length);
    }
    return true;
}

std::string quotedText(std::string_view text) {
    std::string shown = "\"";
    while (!text.empty()) {
        if (shown.size() > kShownBytes) return shown + "…\"";
        const Decoded decoded = decodeFirst(text);
        const std::size_t length = decoded.length == 0 ? 1 : decoded.length;
        if (decoded.length == 0)
            shown += hexEscape("\\x", static_cast<unsigned char>(text[0]), 2);
        else if (isDeceptive(decoded.codePoint))
            shown += hexEscape("\\u", decoded.codePoint, 4);
        else
            shown += text.substr(0, length);
        text.remove_prefix(length);
    }
    return shown + "\"";
}

} // namespace llamahome::formats
