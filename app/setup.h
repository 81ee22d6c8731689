// What the commands and the window set up in the same way: settings, data root, log, engine. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/global_options.h"
#include "app/log_setup.h"
#include "config/environment.h"
#include "config/settings_loader.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/shipped_files.h"
#include "llama/engine.h"

namespace llamahome::app {

/// Where settings come from, options included; CFG-07 for a wrong --set.
Result<config::SettingsSources> settingsSources(const GlobalOptions& options,
                                                const config::Environment& environment,
                                                const jobs::ShippedFiles& shipped);

/// By --root, the environment, the settings and the platform.
Result<jobs::DataRoot> dataRoot(const GlobalOptions& options, const config::Environment& environment,
                                const config::Settings& settings);

/// llamahome.log in the platform's folder for states, or a log without a file; `warn` is told why.
std::shared_ptr<ProgramLog> openProgramLog(const config::LoggingSettings& settings,
                                           const config::Environment& environment, FileLayer& files,
                                           bool toStderr,
                                           const std::function<void(const std::string&)>& warn);

/// The engine with that many threads (0: as many as cores), over the CUDA component of `root` where it is
/// installed.
Result<std::unique_ptr<engine::Engine>> openEngine(int threads, const jobs::DataRoot& root);

} // namespace llamahome::app
