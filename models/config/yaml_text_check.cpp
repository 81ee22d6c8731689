#include "config/yaml_text_check.h"

#include <algorithm>
#include <cstdint>

#include "core/error_codes.h"

namespace llamahome::config {
namespace {

/// Bytes of the UTF-8 sequence at `text`'s start; 0 where it is none (RFC 3629: no overlong forms, no
/// surrogates).
std::size_t utf8Length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto isTail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
    const std::uint8_t first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return isTail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!isTail(1) || !isTail(2)) return 0;
        const bool isOverlong = first == 0xE0 && byte(1) < 0xA0;
        const bool isSurrogate = first == 0xED && byte(1) >= 0xA0;
        return isOverlong || isSurrogate ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!isTail(1) || !isTail(2) || !isTail(3)) return 0;
        const bool isOverlong = first == 0xF0 && byte(1) < 0x90;
        const bool isBeyond = first == 0xF4 && byte(1) >= 0x90;
        return isOverlong || isBeyond ? 0 : 4;
    }
    return 0;
}

bool isForbiddenControl(char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
}

std::string hexByte(char c) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<std::uint8_t>(c);
    return std::string("0x") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
}

SettingProblem encodingProblem(std::string_view text, std::size_t at, const std::string& file, int line) {
    const std::size_t lineStart = text.substr(0, at).rfind('\n') + 1; // npos + 1 is 0
    std::string message =
        "column " + std::to_string(at - lineStart + 1) + ": found byte " + hexByte(text[at]);
    message += isForbiddenControl(text[at]) ? ", a control character" : ", which is not UTF-8";
    return {codes::kYamlEncoding, file, line, {}, message + "; save the file as plain UTF-8 text"};
}

} // namespace

std::string_view withoutByteOrderMark(std::string_view text) {
    return text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

bool isUtf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8Length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::vector<SettingProblem> checkYamlText(std::string_view text, const std::string& file) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        return {
            {codes::kYamlEncoding, file, 1, {}, "found UTF-16 text, expected UTF-8; save the file as UTF-8"}};
    text = withoutByteOrderMark(text);
    int line = 1;
    bool isIndent = true;
    int tabLine = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8Length(text.substr(at));
        if (length == 0 || isForbiddenControl(text[at])) return {encodingProblem(text, at, file, line)};
        if (text[at] == '\n') {
            ++line;
            isIndent = true;
        } else if (text[at] == '\t' && isIndent) {
            if (tabLine == 0) tabLine = line;
        } else if (text[at] != ' ') {
            isIndent = false;
        }
        at += length;
    }
    if (tabLine == 0) return {};
    return {{codes::kYamlSyntax,
             file,
             tabLine,
             {},
             "found a tab at the start of the line, expected blanks; use two a level"}};
}

} // namespace llamahome::config
