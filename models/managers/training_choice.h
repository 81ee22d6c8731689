// TrainingChoice: what a person chose to train, and what becomes of it. Values; any thread but GUI for the
// functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_loader.h"
#include "jobs/library/library.h"
#include "jobs/train/train_plan.h"
#include "managers/workspace.h"

namespace llamahome::managers {

inline constexpr std::string_view kFormOrigin = "the form"; ///< of changes, in messages

struct TrainingChoice {
    std::optional<jobs::ModelEntry> model;
    std::vector<std::filesystem::path> data;
    std::optional<std::filesystem::path> validation;
    std::string preset;                         ///< empty: none
    std::vector<config::OptionValue> overrides; ///< changed in the form; each key once
    std::string runName;                        ///< empty: made from the model's name
};

/// What a run that is to be trained once more was made with.
struct RepeatedRun {
    std::string commandLine;
    config::Settings settings; ///< as resolved
};

/// Whether a run has a value of its own for that setting.
bool isOfRun(const std::string& key);

/// The choice with preset and changes of that run: the preset that its command names, else the one from which
/// fewest settings differ. What is left to a run to settle by itself and was, is no change. Changes that
/// `choice` has already stay.
TrainingChoice choiceLike(const Workspace& workspace, TrainingChoice choice, const RepeatedRun& run);

/// The choice with its settings looked up.
struct ResolvedChoice {
    config::SettingsReport report;
    config::Settings base;              ///< without what was changed in the form
    std::vector<std::string> rootWords; ///< {"--root", DIR} where the shell would take another root
    std::string commandLine;            ///< the same run for a shell; empty without model or data
};

/// Reads the settings' files. What is wrong with them is in the report.
ResolvedChoice resolveChoice(const Workspace& workspace, const TrainingChoice& choice);

/// The plan of a choice with model and data; memory is that of this machine now.
jobs::TrainPlan planOf(const Workspace& workspace, const TrainingChoice& choice,
                       const ResolvedChoice& resolved);

} // namespace llamahome::managers
