// What must hold for the bytes of a YAML text before it is parsed: encoding, control characters, tabs. Any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/setting_problem.h"

namespace llamahome::config {

/// The text without a UTF-8 byte order mark.
std::string_view withoutByteOrderMark(std::string_view text);

/// CFG-04 for the first place that is not UTF-8 or holds a control character; CFG-01 for the first tab among
/// the blanks that a line starts with. Empty: the text may be parsed.
std::vector<SettingProblem> checkYamlText(std::string_view text, const std::string& file);

} // namespace llamahome::config
