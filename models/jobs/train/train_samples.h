// Answers to the evaluation prompts before and after training: samples.jsonl. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "jobs/open_model.h"
#include "jobs/train/train_data.h"

namespace llamahome::jobs {

inline constexpr int kSampleTokens = 200;
inline constexpr int kSampleTokensDuring = 100;            ///< at an evaluation between the steps
inline constexpr std::string_view kPromptUnit = "prompts"; ///< of the progress while they are answered

struct SampleAnswer {
    std::string when; ///< "before", "during" or "after"
    std::int64_t step = 0;
    std::string prompt;    ///< the user's words
    std::string reference; ///< the data's own answer; empty: none
    std::string answer;
};

/// training.evaluation.prompts with data.system, or where there are none the questions of the data.
std::vector<DataExample> samplePrompts(const config::Settings& settings,
                                       const std::vector<DataExample>& fromData);

/// Leaves the prompts that have no answer of that moment yet.
void dropAnswered(std::vector<DataExample>& prompts, const std::vector<SampleAnswer>& samples,
                  std::string_view when, std::int64_t step);

/// Who hears of samples; see TrainSink.
struct SampleListener {
    std::function<void(const SampleAnswer&)> onSample;
    std::function<void(std::string_view)> onNotice;
    ProgressSink onProgress; ///< prompts, before each and at the end
};

/// Answers each prompt greedily with at most `tokens` tokens and appends it to `file`. Samples never
/// stop a run: what fails is a notice. Ends early, without one, when cancelled.
void answerSamples(OpenModel& model, const std::vector<DataExample>& prompts, const std::string& date,
                   std::string_view when, std::int64_t step, int tokens, FileLayer& files,
                   const std::filesystem::path& file, const SampleListener& listener,
                   const CancelToken& cancel);

/// The run goes on from that step as another: what was answered later no longer counts.
Result<void> dropSamplesAfter(FileLayer& files, const std::filesystem::path& file, std::int64_t step);

/// The samples of a run in order; of those of the same moment that answer the same prompt the last. Damaged
/// lines are left out, a missing file is an empty list.
std::vector<SampleAnswer> readSamples(const std::filesystem::path& file);

} // namespace llamahome::jobs
