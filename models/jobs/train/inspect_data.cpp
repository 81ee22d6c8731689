#include "jobs/train/inspect_data.h"

#include <fstream>

#include "core/count_with_noun.h"
#include "core/error_codes.h"
#include "core/shown_text.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// The first line of a table, as the person wrote it.
std::string headerOf(const fs::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return quotedText(line);
}

std::optional<Error> obstacleIn(const text::DatasetSummary& summary, const fs::path& firstFile,
                                const config::Settings& settings) {
    const bool isUseless = summary.usableRows() == 0;
    if (summary.badRows > 0 && (isUseless || !settings.data.skip_bad_rows)) {
        Error error = summary.problems.front().error;
        error.message = countWithNoun(summary.badRows, "bad row") + ", the first: " + error.message;
        if (!isUseless)
            error.message += "; correct them, or train with --skip-bad-rows";
        else if (summary.kind == text::DataFileKind::Table)
            error.message += "; no row can be used: name the columns with --map "
                             "instruction=COLUMN,output=COLUMN, the header is " +
                             headerOf(firstFile);
        else
            error.message += "; no row can be used: correct them";
        return error;
    }
    if (!isUseless) return {};
    const std::string unlearned = countWithNoun(summary.droppedRows, "row") +
                                  " with nothing to learn within " +
                                  std::to_string(settings.training.max_length) + " tokens";
    return Error{codes::kNoTrainingRows, "no row can be trained on: " + unlearned +
                                             "; raise --max-length, or look at the answers in the data"};
}

} // namespace

Result<DataReport> inspectData(const std::vector<fs::path>& dataFiles, const fs::path& modelFolder,
                               const config::Settings& settings, const CancelToken& cancel,
                               const ProgressSink& progress) {
    auto rows = RowBrowser::open(dataFiles, modelFolder, settings);
    if (!rows) return rows.error();
    auto summary = text::summariseDataset(dataFiles, {settings.data.map}, rows->builder(), cancel, progress);
    if (!summary) return summary.error();
    auto example = rows->firstLearned(cancel);
    if (!example) return example.error();
    auto obstacle = obstacleIn(*summary, dataFiles.front(), settings);
    return DataReport{std::move(*summary), rows->templateName(), std::move(*example), std::move(obstacle)};
}

} // namespace llamahome::jobs
