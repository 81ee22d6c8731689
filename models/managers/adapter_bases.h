// Which installed model each adapter was trained on. Values; any thread but GUI.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/library.h"

namespace llamahome::managers {

/// Name of the adapter to the name of its base. An adapter whose base is not installed has an empty one; one
/// that cannot be read has none.
std::map<std::string, std::string> readAdapterBases(const std::vector<jobs::ModelEntry>& models,
                                                    const std::vector<jobs::ModelEntry>& adapters);

} // namespace llamahome::managers
