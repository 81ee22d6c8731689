// Which model each adapter was trained on. Values; any thread but GUI.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/library/library.h"

namespace llamahome::managers {

struct AdapterBase {
    std::string name; ///< of the installed model; else what the adapter's files say, as it can be shown
    bool isInstalled = false;
};

/// By the adapter's name. One whose files name no base has an empty one; one that cannot be read has none.
std::map<std::string, AdapterBase> readAdapterBases(const std::vector<jobs::ModelEntry>& models,
                                                    const std::vector<jobs::ModelEntry>& adapters);

} // namespace llamahome::managers
