// How text looks on a terminal: columns it takes, control characters made harmless. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llamahome::app {

/// Columns that UTF-8 text takes: combining marks none, East Asian wide characters and emoji two.
/// Invalid bytes count one each.
std::size_t displayWidth(std::string_view text);

/// `text` followed by blanks up to `width` columns; `before`: the blanks come first.
std::string padded(std::string_view text, std::size_t width, bool before = false);

/// At most `width` columns; a cut text ends in "…".
std::string shortened(std::string_view text, std::size_t width);

/// Lines of at most `width` columns: broken at newlines, at blanks, and within words that are wider. At least
/// one.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Control characters but newline and tab replaced by "�", so that no file or model can steer the terminal.
std::string withoutControls(std::string_view text);

/// The same, with newlines and tabs as blanks.
std::string oneLine(std::string_view text);

} // namespace llamahome::app
