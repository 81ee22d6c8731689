// What the options of the program itself, and those that stand for settings, were given. A value; main
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings_loader.h"

namespace llamahome::app {

struct GlobalOptions {
    std::optional<std::string> root;
    std::optional<std::string> configFile;
    std::optional<std::string> logLevel;
    std::optional<std::string> preset;         ///< `.config/presets/NAME.yaml`, a layer below --config
    std::vector<std::string> sets;             ///< "key=value", as given
    std::vector<config::OptionValue> settings; ///< of options that stand for a setting
    std::string commandLine;                   ///< as typed, for the record of a run
    std::optional<double> startSeconds;        ///< systemClock().monotonicSeconds() when the program began
    bool hasValidationFile = false;            ///< `--validation FILE` was given
    bool json = false;
    bool quiet = false;
};

struct CommandSpec;

/// The options of the program itself: --root, --config, --set, --json, --quiet, --log-level. Values land in
/// `options`, which outlives `program`.
void addGlobalOptions(CommandSpec& program, GlobalOptions& options);

} // namespace llamahome::app
