#include "formats/tokenizer/byte_alphabet.h"

#include <array>

#include "core/utf8.h"

namespace llamahome::formats {
namespace {

struct Alphabet {
    std::array<char32_t, 256> pointOf{};
    std::array<int, 0x180> byteOf{}; ///< -1: outside

    constexpr Alphabet() {
        byteOf.fill(-1);
        char32_t next = 0x100;
        for (unsigned byte = 0; byte < 256; ++byte) {
            const bool itself = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
            pointOf[byte] = itself ? byte : next++;
            byteOf[pointOf[byte]] = static_cast<int>(byte);
        }
    }
};
constexpr Alphabet kAlphabet;

} // namespace

std::optional<std::string> bytesOfSpelling(std::string_view spelling) {
    std::string bytes;
    for (std::size_t at = 0; at < spelling.size();) {
        const Utf8Char c = decodeUtf8(spelling, at);
        if (!c.valid || c.codePoint >= kAlphabet.byteOf.size()) return std::nullopt;
        const int byte = kAlphabet.byteOf[c.codePoint];
        if (byte < 0) return std::nullopt;
        bytes.push_back(static_cast<char>(byte));
        at += c.length;
    }
    return bytes;
}

std::string spellingOfBytes(std::string_view bytes) {
    std::string spelling;
    for (const char c : bytes) {
        const char32_t point = kAlphabet.pointOf[static_cast<unsigned char>(c)];
        if (point < 0x80) {
            spelling.push_back(static_cast<char>(point));
        } else {
            spelling.push_back(static_cast<char>(0xC0U | (point >> 6)));
            spelling.push_back(static_cast<char>(0x80U | (point & 0x3FU)));
        }
    }
    return spelling;
}

} // namespace llamahome::formats
