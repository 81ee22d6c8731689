#include "managers/training_choice.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/presets.h"
#include "config/setting_descriptor.h"
#include "config/settings_writer.h"
#include "jobs/memory_estimate.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace {

using Changes = std::vector<config::OptionValue>;

/// Settled when a run begins, where they are left to it.
constexpr std::array<std::string_view, 3> kSettled{"training.batch_size", "training.gradient_checkpointing",
                                                   "data.date"};

bool isLeftToRun(const std::string& key, const std::string& value) {
    return std::find(kSettled.begin(), kSettled.end(), key) != kSettled.end() &&
           (value.empty() || value == "auto");
}

Changes changesFrom(const Workspace& workspace, const std::string& preset, const RepeatedRun& run) {
    config::SettingsSources sources = settingsSources(workspace);
    sources.preset = preset;
    const config::Settings base = config::checkSettings(sources).resolved.values;
    Changes changes;
    for (const config::SettingDescriptor& setting : config::allSettings()) {
        if (!isOfRun(setting.key)) continue;
        const std::string usual = config::optionText(setting, base);
        const std::string own = config::optionText(setting, run.settings);
        if (own == usual) continue;
        if (isLeftToRun(setting.key, usual) && !givesSetting(run.commandLine, setting.key)) continue;
        changes.push_back({setting.key, own, std::string(kFormOrigin)});
    }
    return changes;
}

} // namespace

bool isOfRun(const std::string& key) {
    return key.starts_with("training.") || key.starts_with("data.");
}

TrainingChoice choiceLike(const Workspace& workspace, TrainingChoice choice, const RepeatedRun& run) {
    const std::string named = presetIn(run.commandLine);
    std::vector<std::string> presets{{}};
    for (const config::Preset& preset :
         config::listPresets(workspace.shipped.config(), workspace.userConfigFolder))
        presets.push_back(preset.name);
    if (std::find(presets.begin(), presets.end(), named) != presets.end() && !named.empty())
        presets = {named};
    const Changes sinceThen = std::exchange(choice.overrides, {});
    for (std::size_t i = 0; i < presets.size(); ++i) {
        Changes changes = changesFrom(workspace, presets[i], run);
        if (i > 0 && changes.size() >= choice.overrides.size()) continue;
        choice.preset = presets[i];
        choice.overrides = std::move(changes);
    }
    for (const config::OptionValue& change : sinceThen) {
        std::erase_if(choice.overrides,
                      [&](const config::OptionValue& one) { return one.key == change.key; });
        choice.overrides.push_back(change);
    }
    return choice;
}

ResolvedChoice resolveChoice(const Workspace& workspace, const TrainingChoice& choice) {
    config::SettingsSources sources = settingsSources(workspace);
    sources.preset = choice.preset;
    sources.hasValidationFile = choice.validation.has_value();
    ResolvedChoice resolved;
    resolved.base = config::checkSettings(sources).resolved.values;
    sources.options.insert(sources.options.end(), choice.overrides.begin(), choice.overrides.end());
    resolved.report = config::checkSettings(sources);
    resolved.rootWords = rootWordsFor(workspace, resolved.base);
    resolved.commandLine = trainCommand(choice, workspace, resolved.rootWords);
    return resolved;
}

jobs::TrainPlan planOf(const Workspace& workspace, const TrainingChoice& choice,
                       const ResolvedChoice& resolved) {
    jobs::TrainPlan plan;
    plan.settings = resolved.report.resolved.values;
    plan.modelFolder = choice.model->path;
    plan.family = choice.model->family;
    plan.version = choice.model->version;
    plan.hubId = choice.model->hubId;
    plan.dataFiles = choice.data;
    plan.validationFile = choice.validation;
    plan.runName = choice.runName;
    plan.commandLine = resolved.commandLine;
    plan.programVersion = workspace.programVersion;
    plan.memoryBytes = jobs::usableMemory(plan.settings.model.memory);
    return plan;
}

} // namespace llamahome::managers
