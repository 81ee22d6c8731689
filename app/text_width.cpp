#include "app/text_width.h"

#include <algorithm>
#include <array>

#include "core/utf8.h"

namespace llamahome::app {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

/// Marks and joiners that take no column of their own (Unicode categories Mn, Me, Cf; the blocks in use).
constexpr std::array<Range, 18> kNoWidth{{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05BD},
                                          {0x0610, 0x061A},
                                          {0x064B, 0x065F},
                                          {0x0900, 0x0902},
                                          {0x093C, 0x093C},
                                          {0x0941, 0x0948},
                                          {0x0E31, 0x0E31},
                                          {0x0E34, 0x0E3A},
                                          {0x0E47, 0x0E4E},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x200B, 0x200F},
                                          {0x20D0, 0x20FF},
                                          {0xFE00, 0xFE0F},
                                          {0xFE20, 0xFE2F},
                                          {0xFEFF, 0xFEFF}}};

/// East Asian Width W and F, and emoji shown as pictures.
constexpr std::array<Range, 13> kTwoColumns{{{0x1100, 0x115F},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0x33FF},
                                             {0x3400, 0x4DBF},
                                             {0x4E00, 0x9FFF},
                                             {0xA000, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0xFFE0, 0xFFE6},
                                             {0x1F300, 0x1FAFF},
                                             {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [code](const Range& range) { return code >= range.first && code <= range.last; });
}

std::size_t columnsOf(char32_t code) {
    if (code < 0x300) return 1;
    if (contains(kNoWidth, code)) return 0;
    return contains(kTwoColumns, code) ? 2 : 1;
}

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
    char32_t code = 0xFFFD;
    bool isValid = false;
};

/// The character at the start of `text`, which is not empty; one column for what is not UTF-8.
Character firstCharacter(std::string_view text) {
    const Utf8Char read = decodeUtf8(text, 0);
    return {read.length, read.valid ? columnsOf(read.codePoint) : 1, read.codePoint, read.valid};
}

bool isControl(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

} // namespace

std::size_t displayWidth(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character character = firstCharacter(text);
        width += character.columns;
        text.remove_prefix(character.bytes);
    }
    return width;
}

std::string padded(std::string_view text, std::size_t width, bool before) {
    const std::size_t taken = displayWidth(text);
    const std::string blanks(taken < width ? width - taken : 0, ' ');
    return before ? blanks + std::string(text) : std::string(text) + blanks;
}

std::string shortened(std::string_view text, std::size_t width) {
    if (displayWidth(text) <= width) return std::string(text);
    std::string kept;
    std::size_t taken = 0;
    while (!text.empty()) {
        const Character character = firstCharacter(text);
        if (taken + character.columns + 1 > width) break;
        kept.append(text.substr(0, character.bytes));
        taken += character.columns;
        text.remove_prefix(character.bytes);
    }
    return width > 0 ? kept + "…" : kept;
}

namespace {

/// The longest start of `text` that takes at most `width` columns, and at least one character.
std::string_view start(std::string_view text, std::size_t width) {
    std::size_t bytes = 0;
    std::size_t taken = 0;
    while (bytes < text.size()) {
        const Character character = firstCharacter(text.substr(bytes));
        if (bytes > 0 && taken + character.columns > width) break;
        bytes += character.bytes;
        taken += character.columns;
    }
    return text.substr(0, bytes);
}

void wrapParagraph(std::string_view text, std::size_t width, std::vector<std::string>& lines) {
    const std::size_t linesBefore = lines.size();
    std::string line;
    std::size_t taken = 0;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        std::string_view word = text.substr(0, blank);
        text.remove_prefix(std::min(blank + 1, text.size()));
        if (word.empty()) continue;
        if (taken > 0 && taken + 1 + displayWidth(word) > width) {
            lines.push_back(std::move(line));
            line.clear();
            taken = 0;
        }
        while (displayWidth(word) > width) {
            lines.emplace_back(start(word, width));
            word.remove_prefix(lines.back().size());
        }
        if (word.empty()) continue; // its end filled a line of its own
        line += (taken > 0 ? " " : "") + std::string(word);
        taken = displayWidth(line);
    }
    if (!line.empty() || lines.size() == linesBefore) lines.push_back(std::move(line));
}

} // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (true) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        wrapParagraph(text.substr(0, end), std::max<std::size_t>(width, 1), lines);
        if (end == text.size()) return lines;
        text.remove_prefix(end + 1);
    }
}

std::string withoutControls(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const Character character = firstCharacter(text);
        const bool harmless = character.code == '\n' || character.code == '\t' || !isControl(character.code);
        if (harmless && character.isValid)
            clean.append(text.substr(0, character.bytes));
        else
            clean.append("\xEF\xBF\xBD");
        text.remove_prefix(character.bytes);
    }
    return clean;
}

std::string oneLine(std::string_view text) {
    std::string line = withoutControls(text);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return line;
}

} // namespace llamahome::app
