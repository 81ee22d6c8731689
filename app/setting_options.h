// Options that stand for settings, as arguments of commands: `--set`, files and options are the same. Main
// thread.
#pragma once

#include "app/command_tree.h"
#include "app/global_options.h"
#include "config/setting_option.h"

namespace llamahome::app {

using config::batchOptions;
using config::benchOptions;
using config::dataOptions;
using config::evaluationOptions;
using config::modelOptions;
using config::quantizeOptions;
using config::resumeOptions;
using config::samplingOptions;
using config::SettingOption;
using config::templateOptions;
using config::trainingOptions;

/// Adds the options to the command, with help and choices from the descriptors of their keys.
/// Given values are appended to `options.settings`.
void addSettingOptions(CommandSpec& command, std::span<const SettingOption> table, GlobalOptions& options);

/// Adds --greedy, which is temperature 0.
void addGreedyFlag(CommandSpec& command, GlobalOptions& options);

} // namespace llamahome::app
