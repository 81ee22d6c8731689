#include "core/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace llamahome {
namespace {

/// What may follow a lead byte: the number of further bytes and the range of the first of them.
struct Lead {
    unsigned more = 0; ///< 0: not a lead byte
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    unsigned char mask = 0; ///< the lead's own bits
};

Lead leadOf(unsigned char byte) {
    if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF, 0x1F};
    if (byte == 0xE0) return {2, 0xA0, 0xBF, 0x0F};
    if (byte == 0xED) return {2, 0x80, 0x9F, 0x0F};
    if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF, 0x0F};
    if (byte == 0xF0) return {3, 0x90, 0xBF, 0x07};
    if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF, 0x07};
    if (byte == 0xF4) return {3, 0x80, 0x8F, 0x07};
    return {};
}

/// First byte at or after `at` that is not ASCII.
std::size_t skipAscii(std::string_view text, std::size_t at) {
    while (at + sizeof(std::uint64_t) <= text.size()) {
        std::uint64_t block = 0;
        std::memcpy(&block, text.data() + at, sizeof block);
        if ((block & 0x8080808080808080ULL) != 0) break;
        at += sizeof block;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80)
        ++at;
    return at;
}

} // namespace

Utf8Char decodeUtf8(std::string_view text, std::size_t at) {
    const auto byteAt = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byteAt(at);
    if (first < 0x80) return {first, 1, true, false};
    const Lead lead = leadOf(first);
    if (lead.more == 0) return {};
    char32_t codePoint = first & lead.mask;
    for (unsigned i = 1; i <= lead.more; ++i) {
        if (at + i >= text.size()) return {0xFFFD, i, false, true};
        const unsigned char next = byteAt(at + i);
        const unsigned char low = i == 1 ? lead.low : 0x80;
        const unsigned char high = i == 1 ? lead.high : 0xBF;
        if (next < low || next > high) return {0xFFFD, i, false, false};
        codePoint = (codePoint << 6) | (next & 0x3FU);
    }
    return {codePoint, lead.more + 1, true, false};
}

std::size_t findInvalidUtf8(std::string_view text) {
    for (std::size_t at = skipAscii(text, 0); at < text.size(); at = skipAscii(text, at)) {
        const Utf8Char c = decodeUtf8(text, at);
        if (!c.valid) return at;
        at += c.length;
    }
    return std::string_view::npos;
}

bool isUtf8(std::string_view text) {
    return findInvalidUtf8(text) == std::string_view::npos;
}

std::string replaceInvalidUtf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t bad = std::min(findInvalidUtf8(text), text.size());
        out += text.substr(0, bad);
        text.remove_prefix(bad);
        if (text.empty()) break;
        out += "\xEF\xBF\xBD";
        text.remove_prefix(decodeUtf8(text, 0).length);
    }
    return out;
}

std::size_t unfinishedUtf8Bytes(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const std::size_t at = text.size() - back;
        if (leadOf(static_cast<unsigned char>(text[at])).more == 0) continue;
        const Utf8Char c = decodeUtf8(text, at);
        return c.cutShort && c.length == back ? back : 0;
    }
    return 0;
}

} // namespace llamahome
