#include "jobs/train/run_changes.h"

#include <algorithm>

#include "config/setting_descriptor.h"
#include "config/setting_option.h"
#include "config/setting_parse.h"
#include "core/error_codes.h"

namespace llamahome::jobs {
namespace {

bool mayChange(const std::string& key) {
    const auto options = config::resumeOptions();
    return std::any_of(options.begin(), options.end(), [&](const auto& one) { return one.key == key; });
}

Error refused(const std::string& text) {
    return Error{codes::kRunChanged, "resume: " + text};
}

Error notChangeable(const std::string& key) {
    std::string list;
    for (const config::SettingOption& option : config::resumeOptions())
        list += (list.empty() ? "" : ", ") + std::string(option.key);
    return refused("found a new value for " + key + ", which a run keeps to its end, expected one of " +
                   list + "; leave it out, or start a new run with `llamahome train`");
}

Result<void> setFromText(const RunSetting& wanted, config::Settings& settings) {
    if (!mayChange(wanted.key)) return notChangeable(wanted.key);
    const config::SettingDescriptor& setting = *config::findSetting(wanted.key);
    const config::ParsedSetting parsed = config::parseSettingText(setting, wanted.value, {});
    if (!parsed.value) return Error{parsed.code, "resume: " + wanted.key + ": " + parsed.problem};
    setting.set(settings, *parsed.value);
    return {};
}

int rowsOfStep(const config::TrainingSettings& training) {
    return training.batch_size * training.gradient_accumulation;
}

Result<void> checkRowsOfStep(const config::TrainingSettings& now, const config::TrainingSettings& then) {
    if (rowsOfStep(now) == rowsOfStep(then)) return {};
    const std::string expected = std::to_string(rowsOfStep(then));
    return refused("found training.batch_size " + std::to_string(now.batch_size) +
                   " with training.gradient_accumulation " + std::to_string(now.gradient_accumulation) +
                   ", expected two numbers whose product is the run's " + expected +
                   " rows a step; change both, as in `--set training.batch_size=1 --set "
                   "training.gradient_accumulation=" +
                   expected + "`");
}

} // namespace

void applyRecordedChanges(const std::vector<RunChange>& changes, config::Settings& settings) {
    for (const RunChange& change : changes)
        (void)setFromText({change.key, change.to},
                          settings); // those that are no settings tell of the machine
}

Result<std::vector<RunChange>> changeSettings(const std::vector<RunSetting>& wanted,
                                              config::Settings& settings) {
    config::Settings changed = settings;
    for (const RunSetting& one : wanted)
        if (auto set = setFromText(one, changed); !set) return set.error();
    if (auto same = checkRowsOfStep(changed.training, settings.training); !same) return same.error();
    std::vector<RunChange> changes;
    for (const config::SettingOption& option : config::resumeOptions()) {
        const config::SettingDescriptor& setting = *config::findSetting(option.key);
        const std::string from = config::settingText(setting, settings);
        const std::string to = config::settingText(setting, changed);
        if (from != to) changes.push_back({0, setting.key, from, to});
    }
    settings = changed;
    return changes;
}

std::string changesInWords(const std::vector<RunChange>& changes) {
    std::string words;
    for (const RunChange& change : changes)
        words += (words.empty() ? "" : ", ") + change.key + " " + change.from + " → " + change.to;
    return words;
}

} // namespace llamahome::jobs
