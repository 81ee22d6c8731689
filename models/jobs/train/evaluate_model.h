// evaluateModel: token-exact loss of a model, with or without an adapter, on held-out rows, its best and
// worst rows, and its answers. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/open_model.h"
#include "jobs/train/answer_match.h"
#include "jobs/train/held_out_rows.h"
#include "jobs/train/run_list.h"
#include "llama/engine.h"

namespace llamahome::jobs {

inline constexpr int kShownRows = 5; ///< best and worst ones each, unless asked otherwise
inline constexpr int kMostShownRows = 1'000;
inline constexpr int kAnsweredRows = 100; ///< where answers are compared and no number is said
inline constexpr int kMostAnswerRows = 100'000;
inline constexpr std::size_t kRowTextBytes = 4'000; ///< of a shown row's text; the rest is cut

struct EvaluateRequest {
    std::filesystem::path modelFolder;
    std::optional<AdapterChoice> adapter;
    HeldOutSource source;
    /// data.*, model.precision, model.quant and training.{batch_size, max_workers} count; with asTrained
    /// training.max_length too.
    config::Settings settings;
    bool asTrained = false;     ///< rows cut as a run cuts them; else whole, plain text without an end token
    bool alsoBase = false;      ///< with an adapter: the base's figures and answers too
    int shownRows = kShownRows; ///< best and worst rows each
    int answerRows = 0;         ///< first rows whose question is answered; 0: none
    AnswerMatch match = AnswerMatch::Auto; ///< how the answers are compared
};

struct LossFigures {
    double loss = 0.0;       ///< mean over the targets, natural logarithm
    double perplexity = 0.0; ///< exp(loss)
};

/// One row with its own loss.
struct EvaluatedRow {
    std::filesystem::path file;
    std::size_t line = 0;           ///< where it begins, from 1
    double loss = 0.0;              ///< mean over its targets
    std::optional<double> baseLoss; ///< of the base alone
    std::uint64_t targets = 0;      ///< supervised tokens
    std::string text;               ///< its turns or its text, cut after kRowTextBytes
};

/// A question of a row, answered greedily.
struct EvaluatedAnswer {
    std::filesystem::path file;
    std::size_t line = 0; ///< of the row
    std::string question;
    std::string reference; ///< what the data answers
    std::string answer;
    std::optional<bool> isRight;           ///< nothing where it was not compared
    std::optional<std::string> baseAnswer; ///< of the base alone
    std::optional<bool> isBaseRight;
};

struct EvaluationReport {
    LossFigures figures;
    std::optional<LossFigures> base;
    std::uint64_t supervisedTokens = 0;
    std::uint64_t tokens = 0;
    std::uint64_t rows = 0;
    std::uint64_t cutRows = 0;                ///< longer than the model's context, or than the run's rows
    std::uint64_t badRows = 0;                ///< skipped
    std::vector<EvaluatedRow> worst;          ///< greatest loss first
    std::vector<EvaluatedRow> best;           ///< least loss first
    AnswerMatch match = AnswerMatch::None;    ///< how answers were compared, settled
    std::vector<EvaluatedAnswer> answers;     ///< in the order of the rows
    int compared = 0;                         ///< answers that could be compared
    int matched = 0;                          ///< that are right
    std::optional<int> baseMatched;           ///< of the base's, likewise
    std::vector<std::filesystem::path> files; ///< that the rows are of
    std::string evaluatedAt = {};             ///< UTC; set by who keeps it
};

/// The data is read and checked before the weights are loaded. DATA-xx for bad rows as in runTraining;
/// TRAIN-02 without any row; GEN-03 where the loss is no number; RUN-00 when cancelled.
Result<EvaluationReport> evaluateModel(const EvaluateRequest& request, engine::Engine& engine,
                                       FileLayer& files, const CancelToken& cancel,
                                       const ProgressSink& progress);

/// What the adapter of a run is measured by: its base, its settings, and the rows that it kept from training,
/// cut as it cut them; or those of `file`, whole. The base is measured too. RUN-06 for one that trains,
/// RUN-04 for one without an adapter, TRAIN-02 where it kept no rows, RUN-08 where its data has changed.
Result<EvaluateRequest> evaluationOfRun(const RunInfo& run, const std::optional<std::filesystem::path>& file,
                                        const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
