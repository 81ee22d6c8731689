#include "formats/file_text.h"

#include "core/shown_text.h"

namespace llamahome::formats {

bool isDeceptive(char32_t codePoint) {
    return llamahome::isDeceptive(codePoint);
}

bool isPlainText(std::string_view text) {
    return llamahome::isPlainText(text);
}

std::string quotedText(std::string_view text) {
    return llamahome::quotedText(text);
}

} // namespace llamahome::formats
