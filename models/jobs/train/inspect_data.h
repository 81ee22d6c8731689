// Looks at data files as a model would train on them, before a run. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/train/row_browser.h"
#include "text/data/dataset_summary.h"

namespace llamahome::jobs {

struct DataReport {
    text::DatasetSummary summary;
    std::string templateName;        ///< the one used
    std::optional<ShownRow> example; ///< the first row in which something is learned
    /// Why a run with these settings would refuse the data: bad rows that nobody wants left out (their code),
    /// or no row that is left (TRAIN-02). Nothing where it can be trained on.
    std::optional<Error> obstacle = {};
};

/// Counts, lengths, the first bad rows, and one row as trained, with the tokenizer and template of the model
/// in `modelFolder` and the settings `data.*` and `training.max_length`. Bad rows are in the report; an error
/// is one of the files (DATA-xx, FILE-xx), of the model, or RUN-00. Progress in bytes of all files.
Result<DataReport> inspectData(const std::vector<std::filesystem::path>& dataFiles,
                               const std::filesystem::path& modelFolder, const config::Settings& settings,
                               const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
