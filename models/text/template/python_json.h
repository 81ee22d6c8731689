// JSON as Python's json.dumps() writes it with ensure_ascii off, which templates print. Any thread.
#pragma once

#include <string>

#include "core/json.h"

namespace llamahome::text {

/// On one line, with ", " and ": " between parts.
std::string pythonJson(const Json& value);
/// One part a line, each level four blanks further in.
std::string pythonJsonIndented(const Json& value);

} // namespace llamahome::text
