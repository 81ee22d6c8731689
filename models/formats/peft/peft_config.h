// adapter_config.json: what PEFT writes, read with its defaults, and written as it writes it. Any thread.
#pragma once

#include <string>

#include "core/json.h"
#include "core/result.h"
#include "formats/peft/peft_adapter.h"
#include "formats/peft/peft_modules.h"

namespace llamahome::formats {

struct PeftConfig {
    PeftAdapter adapter; ///< without what the weights' file holds: pairs and biases
    PeftModules modules; ///< which modules it is on, and how
};

/// PEFT-02 names what is set and not supported, PEFT-01 a wrong value.
Result<PeftConfig> parsePeftConfig(const Json& json, const std::string& what);

/// Keys sorted, a whole alpha as an integer, ranks and alphas of modules that have their own by their whole
/// names; keys that only newer releases know are left to their defaults.
Json peftConfigJson(const PeftAdapter& adapter);

} // namespace llamahome::formats
