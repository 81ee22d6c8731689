#include "core/shown_text.h"

#include <cstddef>

#include "core/utf8.h"

namespace llamahome {
namespace {

constexpr std::size_t kShownBytes = 120;

std::string hexEscape(std::string_view prefix, char32_t value, int digits) {
    std::string text(prefix);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text += "0123456789abcdef"[(value >> shift) & 0xF];
    return text;
}

} // namespace

bool isDeceptive(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool isPlainText(std::string_view text) {
    while (!text.empty()) {
        const Utf8Char next = decodeUtf8(text, 0);
        if (!next.valid || isDeceptive(next.codePoint)) return false;
        text.remove_prefix(next.length);
    }
    return true;
}

std::string quotedText(std::string_view text) {
    std::string shown = "\"";
    while (!text.empty()) {
        if (shown.size() > kShownBytes) return shown + "…\"";
        const Utf8Char next = decodeUtf8(text, 0);
        const std::size_t length = next.valid ? next.length : 1;
        if (!next.valid)
            shown += hexEscape("\\x", static_cast<unsigned char>(text[0]), 2);
        else if (isDeceptive(next.codePoint))
            shown += hexEscape("\\u", next.codePoint, 4);
        else
            shown += text.substr(0, length);
        text.remove_prefix(length);
    }
    return shown + "\"";
}

} // namespace llamahome
