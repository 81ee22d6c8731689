// Workspace: what every manager works with. A value, made once by the composition root; any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "config/environment.h"
#include "config/settings_loader.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/shipped_files.h"
#include "llama/engine.h"

namespace llamahome::managers {

/// Files and clock outlive every manager.
struct Workspace {
    jobs::DataRoot root;
    jobs::ShippedFiles shipped;
    config::Catalog catalog;
    config::Environment environment;
    std::filesystem::path userConfigFolder;   ///< where a user's settings files lie; empty: none can be saved
    std::filesystem::path configFile;         ///< of --config; empty: none
    std::vector<config::OptionValue> options; ///< of --set and --log-level
    FileLayer* files = &systemFiles();
    const Clock* clock = &systemClock();
    /// Opens the engine; called once, on the engine thread, when a job first needs it.
    std::function<Result<std::unique_ptr<engine::Engine>>()> openEngine;
    /// Copies the program's log lines to a run's run.log for as long as the result lives; null where it
    /// cannot be opened. Called on the engine thread; empty: a run has no log of its own.
    std::function<std::shared_ptr<void>(const std::filesystem::path& runLog)> openRunLog;
    std::string programVersion;
};

} // namespace llamahome::managers
