// Looks at data files as a model would train on them, before a run. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "text/data/dataset_summary.h"
#include "text/data/token_row.h"

namespace llamahome::jobs {

/// A stretch of the row that is shown as trained.
struct TrainedSpan {
    std::string text;
    bool supervised = false; ///< the model learns to write it
};

struct DataReport {
    text::DatasetSummary summary;
    std::string templateName;         ///< the one used
    std::vector<TrainedSpan> example; ///< the first usable row, its tokens as text; empty where there is none
    text::TokenRow exampleRow;        ///< the same as tokens
};

/// Counts, lengths, the first bad rows, and one row as trained, with the tokenizer and template of the model
/// in `modelFolder` and the settings `data.*` and `training.max_length`. Bad rows are in the report; an error
/// is one of the files (DATA-xx, FILE-xx), of the model, or RUN-00. Progress in bytes of all files.
Result<DataReport> inspectData(const std::vector<std::filesystem::path>& dataFiles,
                               const std::filesystem::path& modelFolder, const config::Settings& settings,
                               const CancelToken& cancel, const ProgressSink& progress);

/// The text of a row in stretches of supervised and other tokens, special tokens spelled out. A character
/// that straddles a border belongs to the stretch where it ends.
Result<std::vector<TrainedSpan>> spansOf(const text::TokenRow& row, const text::Tokenizer& tokenizer);

} // namespace llamahome::jobs
