#include "config/yaml_text_check.h"

#include <cstdint>

#include "core/error_codes.h"
#include "core/utf8.h"

namespace llamahome::config {
namespace {

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

std::vector<SettingProblem> checkYamlText(std::string_view text, const std::string& file) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        return {
            {codes::kYamlEncoding, file, 1, {}, "found UTF-16 text, expected UTF-8; save the file as UTF-8"}};
    text = withoutByteOrderMark(text);
    int line = 1;
    bool isIndent = true;
    int tabLine = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char next = decodeUtf8(text, at);
        if (!next.valid || isForbiddenControl(text[at])) return {encodingProblem(text, at, file, line)};
        if (text[at] == '\n') {
            ++line;
            isIndent = true;
        } else if (text[at] == '\t' && isIndent) {
            if (tabLine == 0) tabLine = line;
        } else if (text[at] != ' ') {
            isIndent = false;
        }
        at += next.length;
    }
    if (tabLine == 0) return {};
    return {{codes::kYamlSyntax,
             file,
             tabLine,
             {},
             "found a tab at the start of the line, expected blanks; use two a level"}};
}

} // namespace llamahome::config
