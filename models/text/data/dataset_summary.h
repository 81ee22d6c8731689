// DatasetSummary: what is in data files, row for row as it would be trained on. Any thread; reads files where
// it is called, so not on the GUI thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "text/data/dataset.h"
#include "text/data/row_builder.h"

namespace llamahome::text {

/// Rows of at least `from` and less than `to` tokens.
struct LengthBucket {
    std::size_t from = 0;
    std::size_t to = 0;
    std::uint64_t rows = 0;
};

/// Of the rows' lengths in tokens before cutting. All 0 where there are no rows.
struct LengthStatistics {
    std::size_t min = 0;
    std::size_t median = 0;
    std::size_t p95 = 0;
    std::size_t max = 0;
    std::vector<LengthBucket>
        buckets; ///< at most 20, equally wide (1, 2 or 5 times a power of ten), without gaps
};

struct DatasetSummary {
    std::optional<DataFormat> format; ///< of the first file's rows
    std::optional<DataFileKind> kind; ///< of the first file
    std::uint64_t rows = 0;           ///< good ones
    std::uint64_t badRows = 0;
    std::uint64_t cutRows = 0;     ///< longer than RowOptions::maxLength
    std::uint64_t droppedRows = 0; ///< good, but no target is left
    std::uint64_t duplicates = 0;  ///< rows that equal an earlier one
    std::uint64_t tokens = 0;      ///< after cutting, without dropped rows
    std::uint64_t supervisedTokens = 0;
    LengthStatistics lengths;
    std::vector<RowProblem> problems; ///< the first kMostProblems

    static constexpr std::size_t kMostProblems = 20;
    /// Share of the tokens that are learned, 0 to 1.
    double supervisedShare() const;
    /// Rows that would be trained on.
    std::uint64_t usableRows() const { return rows - droppedRows; }
};

/// Reads the files one after the other. Bad rows are counted, not fatal; what ends a file ends the summary.
/// RUN-00 when cancelled. Progress is in bytes of all files together. Memory: eight bytes a row and at most 8
/// MiB.
Result<DatasetSummary> summariseDataset(const std::vector<std::filesystem::path>& files,
                                        const DatasetOptions& options, const RowBuilder& builder,
                                        const CancelToken& cancel = {}, const ProgressSink& progress = {});

} // namespace llamahome::text
