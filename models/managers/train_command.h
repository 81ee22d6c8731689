// The shell's command for a training run: what "Copy as command" copies. Any thread.
#pragma once

#include <string>
#include <vector>

#include "jobs/train/run_record.h"
#include "managers/training_choice.h"

namespace llamahome::managers {

/// "llamahome train smollm2 135m-instruct --data recipes.jsonl --preset style --epochs 5". `rootWords`:
/// {"--root", DIR} where the shell would take another root.
std::string trainCommand(const TrainingChoice& choice, const Workspace& workspace,
                         const std::vector<std::string>& rootWords);

/// The preset that a command of train names; empty: none.
std::string presetIn(const std::string& commandLine);
/// Whether a command of train gives that setting a value.
bool givesSetting(const std::string& commandLine, const std::string& key);

/// "llamahome resume smollm2_135m-instruct-1 --learning-rate 1.0e-04".
std::string resumeCommand(const std::string& runName, const std::vector<std::string>& rootWords,
                          const std::vector<jobs::RunSetting>& changes = {});

/// {"--root", DIR}, or nothing where the shell comes to the same root by itself. Not on the GUI thread.
std::vector<std::string> rootWordsFor(const Workspace& workspace, const config::Settings& settings);

} // namespace llamahome::managers
