#include "config/settings_checks.h"

#include "config/setting_descriptor.h"
#include "core/error_codes.h"

namespace llamahome::config {
namespace {

class Checker {
public:
    Checker(ResolvedSettings& resolved, std::vector<SettingProblem>& problems)
        : m_resolved(resolved)
        , m_problems(problems) {}

    bool isChosen(const std::string& key) const { return !m_resolved.origins.at(key).isDefault; }

    void contradict(const std::string& key, const std::string& other, const std::string& why) {
        const Origin& origin = m_resolved.origins.at(key);
        m_problems.push_back(
            {codes::kSettingsContradict, origin.name, origin.line, key,
             key + " contradicts " + other + " (" + m_resolved.origins.at(other).text() + "): " + why});
    }

    void notice(const std::string& text) { m_resolved.notices.push_back(text); }

private:
    ResolvedSettings& m_resolved;
    std::vector<SettingProblem>& m_problems;
};

void checkEarlyStopping(const Settings& settings, bool hasValidationFile, Checker& checker) {
    const TrainingSettings& training = settings.training;
    if (!training.early_stopping.enabled || training.validation_split > 0.0 || hasValidationFile) return;
    for (const char* key : {"training.early_stopping.enabled", "training.early_stopping.patience",
                            "training.early_stopping.min_delta"}) {
        if (!checker.isChosen(key)) continue;
        checker.contradict(
            key, "training.validation_split",
            "early stopping measures on validation rows, and there are none; set a split above 0, "
            "give --validation FILE, or turn early stopping off");
        return;
    }
    checker.notice(
        "training.validation_split is 0: nothing is measured during the run, early stopping is off");
}

void checkSteps(const TrainingSettings& training, Checker& checker) {
    if (training.max_steps <= 0) return;
    if (training.evaluation.every_steps > training.max_steps)
        checker.notice(
            "training.evaluation.every_steps is beyond training.max_steps: evaluated at start and end only");
    if (training.checkpoint.every_steps > training.max_steps)
        checker.notice(
            "training.checkpoint.every_steps is beyond training.max_steps: no checkpoint before the end");
}

void checkModel(const ModelSettings& model, Checker& checker) {
    if (model.device == "cpu" && model.gpu_layers > 0)
        checker.contradict("model.gpu_layers", "model.device",
                           "layers cannot be put on a GPU when the device is cpu; change one of them");
    const GenerationSettings& generation = model.generation;
    if (generation.max_new_tokens > generation.max_seq_len)
        checker.contradict("model.generation.max_new_tokens", "model.generation.max_seq_len",
                           "an answer must fit into the context; lower the first or raise the second");
    if (model.memory.limit_mib > 0 && model.memory.reserve_mib >= model.memory.limit_mib)
        checker.contradict("model.memory.reserve_mib", "model.memory.limit_mib",
                           "nothing is left to work with; lower the first or raise the second");
}

/// A value that asks for what this version does not do; 0 asks for nothing.
void tellWithoutEffect(const Settings& settings, Checker& checker) {
    const Settings defaults;
    for (const SettingDescriptor& setting : allSettings()) {
        if (!setting.isForLater || !checker.isChosen(setting.key)) continue;
        const std::string value = settingText(setting, settings);
        if (value != "0" && value != settingText(setting, defaults))
            checker.notice(setting.key + " (" + value + ") has no effect in this version");
    }
}

} // namespace

void checkAcross(ResolvedSettings& resolved, bool hasValidationFile, std::vector<SettingProblem>& problems) {
    Checker checker(resolved, problems);
    checkEarlyStopping(resolved.values, hasValidationFile, checker);
    checkSteps(resolved.values.training, checker);
    checkModel(resolved.values.model, checker);
    tellWithoutEffect(resolved.values, checker);
}

} // namespace llamahome::config
