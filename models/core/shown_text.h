// How text from a stranger stands in a message: quoted, short, and without what could forge a line. Any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace llamahome {

/// `text` in quotes for a message: control characters, direction marks and invalid bytes as \u.... or \x..,
/// cut after 120 bytes.
std::string quotedText(std::string_view text);

/// True for control characters and the marks that turn the direction of text around them.
bool isDeceptive(char32_t codePoint);

/// True when no character of valid UTF-8 `text` is deceptive.
bool isPlainText(std::string_view text);

} // namespace llamahome
