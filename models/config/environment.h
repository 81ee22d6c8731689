// The environment variables of the program: one table with their effects. Any thread.
//
// The environment is a value that is passed in; only processEnvironment() looks at the process.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_problem.h"

namespace llamahome::config {

using Environment = std::map<std::string, std::string>;

/// The process's variables. Call before threads that might change them exist.
Environment processEnvironment();

/// The variable's value, or empty when it is not set; a variable set to nothing counts as not set.
std::string environmentValue(const Environment& environment, const std::string& name);

/// How a variable comes to its effect.
enum class VariableRole {
    Setting, ///< its value is that of the setting `key`
    RunMode, ///< LLAMAHOME_ENV: development, production, testing
    Offline, ///< true: the setting `key` becomes "off"
    Model,   ///< chooses the model where none is named; see model_choice.h
    Secret,  ///< checked for form, never shown
    Folder,  ///< a path, read by the Hub's client
    Proxy,   ///< an address, read by the network
    Index,   ///< an address that something is fetched from
};

struct EnvironmentVariable {
    std::string name;
    std::string effect; ///< one line
    VariableRole role = VariableRole::Setting;
    std::string key = {}; ///< of the setting it reaches; empty: none
};

/// Every variable that the program reads, in the order in which they are applied.
const std::vector<EnvironmentVariable>& environmentVariables();

/// A value that a variable gives to a setting.
struct EnvironmentSetting {
    std::string key;
    std::string value;
    std::string variable;
};

struct EnvironmentReading {
    std::vector<EnvironmentSetting> settings; ///< the later of two with the same key counts
    std::vector<SettingProblem> problems;     ///< wrong values that no setting checks
    std::vector<std::string> notices; ///< at most one, for all unknown LLAMA… names but LLAMAHOME_TEST_…
};

EnvironmentReading readEnvironment(const Environment& environment);

/// One row for `config show`: what is set, secrets never shown.
struct EnvironmentRow {
    std::string name;
    std::string value; ///< "not set", "set, not shown", or the value
    std::string effect;
};

std::vector<EnvironmentRow> describeEnvironment(const Environment& environment);

/// As the Hub's own client reads it: 1, on, yes, true in any case.
bool isTrueWord(std::string_view text);

/// `$XDG_CONFIG_HOME/llamahome`, else `~/.config/llamahome`; empty without a home. A relative XDG folder is
/// ignored, as its specification asks.
std::filesystem::path userConfigFolder(const Environment& environment);
/// `$XDG_DATA_HOME/llamahome`, else `~/.local/share/llamahome`; empty without a home.
std::filesystem::path platformDataFolder(const Environment& environment);
/// `$XDG_STATE_HOME/llamahome`, else `~/.local/state/llamahome`: where the log lies; empty without a home.
std::filesystem::path platformStateFolder(const Environment& environment);

} // namespace llamahome::config
