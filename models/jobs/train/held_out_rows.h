// The rows that a model is measured on, and where they stand in their files. Any thread but GUI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "text/data/example.h"
#include "text/data/row_builder.h"
#include "text/data/token_row.h"

namespace llamahome::jobs {

/// The share that a run keeps from its training rows, see text::splitRows().
struct HeldOutShare {
    double fraction = 0.0;
    std::uint64_t seed = 0;
};

struct HeldOutSource {
    std::vector<std::filesystem::path> files;
    std::optional<HeldOutShare> share; ///< nothing: all rows
};

struct RowPlace {
    std::size_t file = 0;     ///< index among the source's
    std::size_t line = 0;     ///< where it begins, from 1
    std::uint64_t number = 0; ///< among the rows of all files that could be read, from 0
};

struct HeldOutRows {
    std::vector<text::TokenRow> rows;
    std::vector<RowPlace> places; ///< of the rows, in the order of the files
    std::uint64_t cutRows = 0;    ///< of these
    std::uint64_t badRows = 0;    ///< skipped on request, of all rows
};

/// Reads the rows; of a share only its rows are kept in memory, and the files are read twice. A bad row is an
/// error that names file and line unless data.skip_bad_rows. RUN-00 when cancelled. Progress in bytes.
Result<HeldOutRows> readHeldOutRows(const HeldOutSource& source, const config::Settings& settings,
                                    const text::RowBuilder& builder, const CancelToken& cancel,
                                    const ProgressSink& progress);

/// The rows at those places, whose numbers rise, as the files have them. DATA-20 where a file has changed so
/// far that one is no longer there.
Result<std::vector<text::Example>> readExamplesAt(const HeldOutSource& source,
                                                  const config::Settings& settings,
                                                  const std::vector<RowPlace>& places);

} // namespace llamahome::jobs
