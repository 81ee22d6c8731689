// adapter_config.json: what PEFT writes, read with its defaults, and written as it writes it. Any thread.
#pragma once

#include <string>

#include "core/json.h"
#include "core/result.h"
#include "formats/peft/peft_adapter.h"

namespace llamahome::formats {

/// Everything of a PeftAdapter but its pairs. PEFT-02 names what is set and not supported, PEFT-01 a wrong
/// value.
Result<PeftAdapter> parsePeftConfig(const Json& json, const std::string& what);

/// Keys sorted, a whole alpha as an integer; keys that only newer releases know are left to their defaults.
Json peftConfigJson(const PeftAdapter& adapter);

/// PEFT's rule for a list of targets: the module's name, or the end of it after a dot.
bool matchesTarget(const std::string& module, const std::vector<std::string>& targets);

} // namespace llamahome::formats
