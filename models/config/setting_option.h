// Options of the command line that stand for settings: one table from option to key, so that the shell reads
// and the window writes the same command. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace llamahome::config {

struct SettingOption {
    std::string_view option;  ///< "--epochs"
    std::string_view key;     ///< "training.num_epochs"
    std::string_view metavar; ///< "N"; empty: a flag that sets the key to true
};

/// Options of `train` and, as far as they are about data, of `data`.
std::span<const SettingOption> dataOptions();
std::span<const SettingOption> trainingOptions();
/// Options of `resume`: all that may change in a run that goes on.
std::span<const SettingOption> resumeOptions();
/// Options of `evaluate`, `generate` and `chat` about how the model runs.
std::span<const SettingOption> modelOptions();
/// Options of `bench` about how the model runs.
std::span<const SettingOption> benchOptions();
/// --quantize alone, for those of its parts that load a model.
std::span<const SettingOption> quantizeOptions();
/// Options of `evaluate` about how data becomes rows.
std::span<const SettingOption> evaluationOptions();
/// Options of `generate` and `chat` about sampling and the system message.
std::span<const SettingOption> samplingOptions();

/// --template alone, for commands that render but do not run a model.
std::span<const SettingOption> templateOptions();
/// --batch-size of `generate`.
std::span<const SettingOption> batchOptions();

} // namespace llamahome::config
