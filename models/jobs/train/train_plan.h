// TrainPlan: everything that decides a training run, resolved. A value; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"

namespace llamahome::jobs {

struct TrainPlan {
    config::Settings settings;         ///< `data.skip_bad_rows`, `data.template` and the like included
    std::filesystem::path modelFolder; ///< of an installed model
    std::string family;                ///< labels for names of run and adapter
    std::string version;
    std::string hubId;                            ///< for base_model_name_or_path; empty: the folder
    std::vector<std::filesystem::path> dataFiles; ///< at least one
    std::optional<std::filesystem::path> validationFile;
    /// Folder in PEFT's layout, trained on as it is: rank, alpha and the modules it has are its own and win
    /// over the settings. Modules and layers that it lacks stay untrained, also when the run is resumed.
    std::optional<std::filesystem::path> initAdapter;
    std::string runName; ///< empty: <family>_<version>-<n>
    std::string commandLine;
    std::string programVersion;
    std::uint64_t memoryBytes = 0; ///< what the run may take; 0: not checked
};

} // namespace llamahome::jobs
