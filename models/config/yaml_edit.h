// One value changed in a YAML text, comments and layout kept. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::config {

/// `text` with the value at `path` ({"training", "lora", "r"}) replaced or added. `value` is YAML on one
/// line. `text` must parse. In place where the layout allows it, else the whole text is written anew without
/// comments; either way the result parses to the same tree with that one change.
std::string setYamlValue(const std::string& text, const std::vector<std::string>& path,
                         const std::string& value);

/// `text` without the key at `path`, and without the sections that are then empty. Nothing changes where the
/// key is not there. Comments are kept as above, but for one on the lines that go.
std::string removeYamlValue(const std::string& text, const std::vector<std::string>& path);

} // namespace llamahome::config
