#include "jobs/train/run_notices.h"

#include <algorithm>

#include "core/count_with_noun.h"
#include "core/quantity.h"
#include "llama/train/lr_schedule.h"

namespace llamahome::jobs {
namespace {

/// Adapters are trained at 1e-5 to 1e-3; PEFT's and QLoRA's own examples end at 2e-4 and 1e-3.
constexpr double kHighLearningRate = 2e-3;
constexpr std::uint64_t kFewRows = 100;
constexpr int kManyEpochs = 20;

} // namespace

std::vector<std::string> dataNotices(const DataCounts& counts, const config::Settings& settings,
                                     const text::ChatTemplate& chatTemplate) {
    std::vector<std::string> notices;
    const auto add = [&](std::uint64_t count, const std::string& noun, const std::string& one,
                         const std::string& many, const std::string& text) {
        if (count > 0) notices.push_back(countWithNoun(count, noun) + (count == 1 ? one : many) + text);
    };
    if (chatTemplate.turnEnd().empty())
        notices.emplace_back("answers are learned without an end, because neither the model nor the template "
                             "names a token for it: set eos_token_id in the model's config.json, or `end` in "
                             "a template of your own");
    add(counts.badRows, "bad row", " was", " were",
        " left out (data.skip_bad_rows); `llamahome data FILE` lists what is bad");
    const std::string length = std::to_string(settings.training.max_length) + " tokens";
    if (counts.rows > 0 && counts.cutRows >= counts.rows + counts.droppedRows)
        notices.push_back("every row is longer than " + length +
                          " and cut there, so the end of an answer is never learned; raise "
                          "training.max_length");
    else
        add(counts.cutRows, "row", " is", " are",
            " longer than " + length + " and cut there; raise training.max_length to keep all of it");
    add(counts.droppedRows, "row", " has", " have", " nothing to learn after the cut, left out");
    add(counts.overlap, "validation row", " is", " are",
        " in the training data too; the eval loss looks better than it is");
    add(counts.sharedQuestions, "validation row", " asks", " ask",
        " what a training row asks, with another answer; the eval loss may look better than it is");
    return notices;
}

std::vector<std::string> settingNotices(const config::TrainingSettings& settings,
                                        const formats::ModelConfig& model, std::int64_t totalSteps,
                                        std::uint64_t trainRows) {
    std::vector<std::string> notices;
    const engine::LrSchedule schedule(settings.lr_schedule, settings.learning_rate, settings.warmup_ratio,
                                      totalSteps);
    // Transformers' schedule begins at 0: where all is warm-up, little or nothing is learned.
    if (schedule.warmupSteps() >= totalSteps)
        notices.emplace_back("every step of the run is warm-up, whose first has the learning rate 0: set "
                             "training.warmup_ratio to 0 for so short a run");
    if (settings.learning_rate > kHighLearningRate)
        notices.push_back("training.learning_rate is " + formatNumber(settings.learning_rate) +
                          ", and 0.00001 to 0.001 is usual; the loss may grow instead of falling");
    if (settings.lora.r >= model.hidden_size)
        notices.push_back("training.lora.r is " + std::to_string(settings.lora.r) +
                          ", as wide as the model's layers (" + std::to_string(model.hidden_size) +
                          "): 8 to 64 learns as much in less memory");
    if (trainRows < kFewRows && settings.max_steps <= 0 && settings.num_epochs >= kManyEpochs)
        notices.push_back("each of " + countWithNoun(trainRows, "row") + " is seen " +
                          std::to_string(settings.num_epochs) +
                          " times; the model will repeat them rather than learn from them");
    return notices;
}

} // namespace llamahome::jobs
