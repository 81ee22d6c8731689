#include "jobs/train/remedy.h"

#include "config/setting_descriptor.h"
#include "config/setting_option.h"
#include "core/error_codes.h"
#include "core/shell_quote.h"

namespace llamahome::jobs {
namespace {

constexpr int kShortestRow = 32; ///< tokens; below, templates alone fill it

Remedy remedy(RemedyKind kind, const std::vector<std::string>& keys, const config::Settings& changed) {
    Remedy result{kind, {}};
    for (const std::string& key : keys)
        result.changes.push_back({key, config::settingText(*config::findSetting(key), changed)});
    return result;
}

std::vector<Remedy> againstNumbers(config::Settings settings) {
    settings.training.learning_rate /= 2.0;
    return {remedy(RemedyKind::HalfTheRate, {"training.learning_rate"}, settings)};
}

/// The largest number of rows at once that divides the rows of a step as they are.
int smallerBatch(int batchSize) {
    int rows = batchSize / 2;
    while (batchSize % rows != 0)
        --rows;
    return rows;
}

std::vector<Remedy> againstMemory(const config::Settings& settings) {
    std::vector<Remedy> remedies;
    const config::TrainingSettings& now = settings.training;
    if (now.batch_size > 1) {
        config::Settings changed = settings;
        changed.training.batch_size = smallerBatch(now.batch_size);
        changed.training.gradient_accumulation *= now.batch_size / changed.training.batch_size;
        remedies.push_back(remedy(RemedyKind::SmallerBatch,
                                  {"training.batch_size", "training.gradient_accumulation"}, changed));
    }
    if (now.gradient_checkpointing != "on") {
        config::Settings changed = settings;
        changed.training.gradient_checkpointing = "on";
        remedies.push_back(remedy(RemedyKind::ComputeAgain, {"training.gradient_checkpointing"}, changed));
    }
    if (now.max_length >= 2 * kShortestRow) {
        config::Settings changed = settings;
        changed.training.max_length /= 2;
        remedies.push_back(remedy(RemedyKind::ShorterRows, {"training.max_length"}, changed));
    }
    return remedies;
}

} // namespace

std::vector<Remedy> remediesFor(std::string_view code, std::int64_t stepsDone,
                                const config::Settings& settings) {
    if (code == codes::kNonFiniteLoss.text && stepsDone > 0) return againstNumbers(settings);
    if (code == codes::kOutOfMemory.text) return againstMemory(settings);
    return {};
}

bool endsAlike(std::string_view code) {
    return code == codes::kNonFiniteLoss.text; // numbers are the same again, memory may be free by then
}

std::string remedyWords(RemedyKind kind) {
    switch (kind) {
    case RemedyKind::HalfTheRate:
        return "half the learning rate";
    case RemedyKind::SmallerBatch:
        return "fewer rows at once";
    case RemedyKind::ComputeAgain:
        return "gradient checkpointing";
    case RemedyKind::ShorterRows:
        break;
    }
    return "rows cut at half the length";
}

std::vector<std::string> resumeWords(const std::string& runName, const std::vector<RunSetting>& changes) {
    std::vector<std::string> words{"llamahome", "resume", runName};
    for (const RunSetting& change : changes)
        for (const config::SettingOption& option : config::resumeOptions())
            if (option.key == change.key) {
                words.emplace_back(option.option);
                words.push_back(change.value);
            }
    return words;
}

std::string remedyCommand(const std::string& runName, const Remedy& remedy) {
    return shellLine(resumeWords(runName, remedy.changes));
}

} // namespace llamahome::jobs
