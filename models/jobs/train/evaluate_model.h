// evaluateModel: token-exact loss of a model, with or without an adapter, on a data file. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/open_model.h"
#include "llama/engine.h"

namespace llamahome::jobs {

struct EvaluateRequest {
    std::filesystem::path modelFolder;
    std::optional<AdapterChoice> adapter;
    std::filesystem::path dataFile;
    config::Settings
        settings; ///< data.*, model.precision, model.quant and training.batch_size (rows at once) count
    bool alsoBase = false;  ///< with an adapter: the base's figures too
    int exactMatchRows = 0; ///< first rows whose answer is generated and compared; 0: none
};

struct LossFigures {
    double loss = 0.0;       ///< mean over the targets, natural logarithm
    double perplexity = 0.0; ///< exp(loss)
};

struct EvaluationReport {
    LossFigures figures;
    std::optional<LossFigures> base;
    std::uint64_t supervisedTokens = 0;
    std::uint64_t tokens = 0;
    std::uint64_t rows = 0;
    std::uint64_t cutRows = 0; ///< longer than the model's context
    std::uint64_t badRows = 0; ///< skipped
    int compared = 0;          ///< rows that have a `#### number` and were answered
    int matched = 0;           ///< whose last `#### number` is the data's
};

/// Rows are rendered as training renders them but evaluated whole, up to the model's context, and plain text
/// without an end token: what is measured is what the file holds. The data is read and checked
/// before the weights are loaded. DATA-xx for bad rows as in runTraining;
/// GEN-03 where the loss is no number; RUN-00 when cancelled.
Result<EvaluationReport> evaluateModel(const EvaluateRequest& request, engine::Engine& engine,
                                       FileLayer& files, const CancelToken& cancel,
                                       const ProgressSink& progress);

/// The number after the last "####" (and blanks, and a $), without commas and a final point; nothing where
/// there is none.
std::optional<std::string> finalNumber(std::string_view text);

} // namespace llamahome::jobs
