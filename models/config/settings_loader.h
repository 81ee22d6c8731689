// All settings from all places, with where each came from and everything that is wrong. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/environment.h"
#include "config/setting_problem.h"
#include "config/settings.h"
#include "core/result.h"

namespace llamahome::config {

/// Where a value came from.
struct Origin {
    enum class Kind { BuiltIn, File, Variable, Option };

    Kind kind = Kind::BuiltIn;
    std::string name = {}; ///< path, variable, or option
    int line = 0;          ///< of a file
    bool isDefault = true; ///< nobody chose it: built in, or from the shipped folder's three files

    /// "built-in", "/home/…/training_config.yaml:12", "LLAMAHOME_ROOT", "--set".
    std::string text() const;
};

/// A setting given on the command line. `origin` names the option for messages: "--epochs".
struct OptionValue {
    std::string key;
    std::string value;
    std::string origin = "--set";
};

/// The places that settings come from, weakest first. Empty ones are left out.
struct SettingsSources {
    std::filesystem::path shippedFolder; ///< .config/ as installed
    std::filesystem::path userFolder;    ///< see userConfigFolder()
    std::string preset;                  ///< a name from presets/ in one of the two folders
    std::filesystem::path configFile;    ///< must exist
    Environment environment;
    std::vector<OptionValue> options;
    std::filesystem::path workingFolder; ///< for relative paths in environment and options
    bool hasValidationFile = false;      ///< validation rows come from a file, not from the split
};

struct ResolvedSettings {
    Settings values;
    std::map<std::string, Origin> origins; ///< every key of allSettings()
    std::vector<std::string> notices;      ///< accepted, but worth a word; for people
};

/// What a check finds: the values that are right, and all that is wrong.
struct SettingsReport {
    ResolvedSettings resolved; ///< wrong values are left out, weaker ones stand
    std::vector<SettingProblem> problems;
};

/// Reads everything. Never fails as a whole: a window can start with what is right and show what is not.
SettingsReport checkSettings(const SettingsSources& sources);

/// The same for those who want all or nothing; see problemsError(). A missing `configFile` is FILE-01.
Result<ResolvedSettings> loadSettings(const SettingsSources& sources);

/// "key=value" as given to `--set`; usage error CFG-07 without `=` or a key.
Result<OptionValue> parseOptionPair(const std::string& text);

/// The files of a settings folder, in the order in which they are read.
const std::vector<std::string>& settingsFileNames();

} // namespace llamahome::config
