// The data root: one folder that holds models, samples, processed data and runs. A value; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/environment.h"
#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

struct DataRoot {
    std::filesystem::path path; ///< absolute; need not exist yet
    /// Further folders with models, on other drives for one (the setting model.library_folders): absolute,
    /// laid out as models() is, and perhaps not there. Adapters, runs and data lie in the root only.
    std::vector<std::filesystem::path> libraries = {};

    std::filesystem::path models() const; ///< data/models: <family>/<version>, <org>/<name>, local/<name>
    /// models() and the libraries: where a model is looked for, in this order.
    std::vector<std::filesystem::path> modelPlaces() const;
    std::filesystem::path finetuned() const;   ///< data/models/finetuned: finished adapters
    std::filesystem::path samples() const;     ///< data/training/samples: data files offered
    std::filesystem::path processed() const;   ///< data/training/processed: tokenised data, bounded
    std::filesystem::path checkpoints() const; ///< data/training/checkpoints: runs
    std::filesystem::path components() const;  ///< data/components: libraries fetched on request
    std::filesystem::path chats() const;       ///< data/chats: conversations; made when the first one is kept
};

/// `option` (--root), else LLAMAHOME_ROOT, else `configured` (the folder chosen in Settings; empty: none),
/// else the platform's data folder. Relative paths count from the working folder. ROOT-01 when none of them
/// gives a folder (no home); ROOT-02 when the path names a file. Creates nothing.
Result<DataRoot> resolveDataRoot(const std::optional<std::filesystem::path>& option,
                                 const config::Environment& environment, const std::string& configured);

/// The words by which a command comes to that root: {"--root", DIR}, or nothing where it does by itself, with
/// that environment and that folder in the settings. Reads the disk.
std::vector<std::string> rootWords(const DataRoot& root, const config::Environment& environment,
                                   const std::string& configured);

/// Creates the root and every folder of it that models and training need and that is missing.
Result<void> createDataFolders(FileLayer& files, const DataRoot& root);

} // namespace llamahome::jobs
