// The model that the LLAMA_MODEL variables name. Any thread.
#pragma once

#include <optional>
#include <string>

#include "config/catalog.h"
#include "config/environment.h"

namespace llamahome::config {

struct ModelChoice {
    std::string family;
    std::string version;
    std::string notice = {}; ///< for people, e.g. when there is no base model; else empty
};

/// LLAMA_MODEL is a family with or without generation (`llama3.3`, `smollm2`), FAMILY/VERSION or a Hub id;
/// LLAMA_MODEL_SIZE (`70b`) and LLAMA_MODEL_VARIANT (base, chat) narrow it; without LLAMA_MODEL the
/// catalogue's first family is meant. Nothing when none of the three is set. Errors name the variable: CFG-13
/// for a value that means nothing, CAT-02 and CAT-03 (exit class NotFound) for a model that does not exist,
/// nearest named.
Result<std::optional<ModelChoice>> modelFromEnvironment(const Environment& environment,
                                                        const Catalog& catalog);

} // namespace llamahome::config
