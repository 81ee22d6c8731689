// Data files as training rows: read, rendered, tokenised, split. Any thread but GUI.
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
#include "jobs/train/train_plan.h"
#include "text/data/row_builder.h"
#include "text/data/token_row.h"
#include "text/template/chat_template.h"
#include "text/template/message.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {

struct DataCounts {
    std::uint64_t rows = 0; ///< usable, of all files
    std::uint64_t trainRows = 0;
    std::uint64_t validationRows = 0;
    std::uint64_t badRows = 0;     ///< skipped on request
    std::uint64_t cutRows = 0;     ///< longer than max_length
    std::uint64_t droppedRows = 0; ///< nothing in them to learn after the cut
    std::uint64_t trainTokens = 0;
    std::uint64_t supervisedTokens = 0; ///< of the training rows
    std::uint64_t validationTokens = 0;
    std::uint64_t longestRow = 0;      ///< tokens
    std::uint64_t overlap = 0;         ///< validation rows that are training rows too
    std::uint64_t sharedQuestions = 0; ///< others whose question is that of a training row
};

/// A question of the data with the data's own answer.
struct DataExample {
    std::vector<text::Message> messages; ///< ends with a user's
    std::string reference;               ///< what the data answers; empty: not known
};

struct TrainData {
    std::vector<text::TokenRow> trainRows;
    std::vector<text::TokenRow> validationRows;
    DataCounts counts;
    std::vector<DataExample> examples; ///< of the first validation rows, else of the first training rows
    std::vector<std::string> notices;  ///< see dataNotices()
};

inline constexpr std::size_t kDataExamples = 3;

/// What an example and its question are told by, see text::exampleHash().
struct ExampleMark {
    std::uint64_t example = 0;
    std::uint64_t question = 0;
};

/// The rows of some files in their order.
struct FileRows {
    std::vector<text::TokenRow> rows;
    std::vector<ExampleMark> marks; ///< of the rows
    std::uint64_t badRows = 0;
    std::uint64_t cutRows = 0;
    std::uint64_t droppedRows = 0;
};

/// Reads files row by row; up to training.max_workers threads tokenise. A bad row is an error that names file
/// and line unless data.skip_bad_rows. RUN-00 when cancelled. Progress in bytes of all files.
Result<FileRows> readRows(const std::vector<std::filesystem::path>& files, const config::Settings& settings,
                          const text::RowBuilder& builder, const CancelToken& cancel,
                          const ProgressSink& progress);

/// Everything before the last assistant's turn, if that answers a user; `system` before it where it has none.
std::optional<DataExample> questionOf(const text::Example& example, const std::string& system);

/// The questions of the usable rows with those indices, which rise; rows without a question are left out.
Result<std::vector<DataExample>> readExamples(const std::vector<std::filesystem::path>& files,
                                              const config::Settings& settings,
                                              const text::RowBuilder& builder,
                                              const std::vector<std::size_t>& rows);

/// How rows are made by those settings.
text::RowOptions rowOptionsOf(const config::Settings& settings);

/// Everything that a run trains and validates on. TRAIN-02 when no row is left.
Result<TrainData> readTrainData(const TrainPlan& plan, const text::Tokenizer& tokenizer,
                                const text::ChatTemplate& chatTemplate, const CancelToken& cancel,
                                const ProgressSink& progress);

} // namespace llamahome::jobs
