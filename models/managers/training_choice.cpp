#include "managers/training_choice.h"

#include "jobs/memory_estimate.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {

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
