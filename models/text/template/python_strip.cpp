#include "text/template/python_strip.h"

#include "text/tokenizer/char_class.h"

namespace llamahome::text {
namespace {

/// Bytes of the blank at `at`, or 0.
std::size_t blankLength(std::string_view text, std::size_t at) {
    const ClassedChar c = classAt(text, at);
    const bool separator = text[at] >= '\x1C' && text[at] <= '\x1F';
    return c.charClass == CharClass::Space || separator ? c.length : 0;
}

} // namespace

std::string_view stripRight(std::string_view text) {
    while (!text.empty()) {
        std::size_t last = text.size() - 1;
        while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U)
            --last;
        if (last + blankLength(text, last) != text.size()) break;
        text = text.substr(0, last);
    }
    return text;
}

std::string_view strip(std::string_view text) {
    text = stripRight(text);
    while (!text.empty() && blankLength(text, 0) > 0)
        text.remove_prefix(blankLength(text, 0));
    return text;
}

} // namespace llamahome::text
