// A Jinja template without what does not change its output, so that texts can be compared. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::text {

/// Drops blanks and minus signs in tags, comments, and the line ends that trim_blocks and lstrip_blocks drop;
/// writes texts in single quotes with their line ends resolved. Two templates of one normal form render
/// alike.
std::string normalTemplate(std::string_view templateText);

/// The texts in quotes in a template's tags, in their order and with their line ends resolved, and whether
/// anything but blanks stands between the tags.
struct TemplateLiterals {
    std::vector<std::string> texts;
    bool hasTextBetween = false;
};
TemplateLiterals templateLiterals(std::string_view templateText);

} // namespace llamahome::text
