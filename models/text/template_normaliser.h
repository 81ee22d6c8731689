// A Jinja template without what does not change its output, so that texts can be compared. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace llamahome::text {

/// Drops blanks and minus signs in tags, comments, and the line ends that trim_blocks and lstrip_blocks drop;
/// writes texts in single quotes with their line ends resolved. Two templates of one normal form render
/// alike.
std::string normalTemplate(std::string_view templateText);

} // namespace llamahome::text
