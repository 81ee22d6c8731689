#include "jobs/train/train_data.h"

#include <algorithm>
#include <unordered_set>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/train/run_notices.h"
#include "text/data/split.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

std::vector<std::size_t> firstIndices(std::size_t count) {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < std::min(count, kDataExamples); ++i)
        indices.push_back(i);
    return indices;
}

void addCounts(DataCounts& counts, const FileRows& rows) {
    counts.rows += rows.rows.size();
    counts.badRows += rows.badRows;
    counts.cutRows += rows.cutRows;
    counts.droppedRows += rows.droppedRows;
}

void countTokens(TrainData& data) {
    DataCounts& counts = data.counts;
    counts.trainRows = data.trainRows.size();
    counts.validationRows = data.validationRows.size();
    for (const text::TokenRow& row : data.trainRows) {
        counts.trainTokens += row.tokens.size();
        counts.supervisedTokens += row.targetCount();
    }
    for (const text::TokenRow& row : data.validationRows)
        counts.validationTokens += row.tokens.size();
    for (const auto* rows : {&data.trainRows, &data.validationRows})
        for (const text::TokenRow& row : *rows)
            counts.longestRow = std::max<std::uint64_t>(counts.longestRow, row.tokens.size());
}

Error noRows(const TrainPlan& plan, const DataCounts& counts) {
    return Error{codes::kNoTrainingRows,
                 displayPath(plan.dataFiles.front()) + ": found no row to train on (" +
                     std::to_string(counts.badRows) + " bad, " + std::to_string(counts.droppedRows) +
                     " with nothing to learn within " + std::to_string(plan.settings.training.max_length) +
                     " tokens), expected at least one; look at it with `llamahome data`"};
}

/// Counts the validation rows that the training rows give away.
class LeakCount {
public:
    explicit LeakCount(DataCounts& counts)
        : m_counts(counts) {}

    void train(const ExampleMark& mark) {
        m_examples.insert(mark.example);
        m_questions.insert(mark.question);
    }
    void validate(const ExampleMark& mark) {
        const bool isSame = m_examples.count(mark.example) > 0;
        m_counts.overlap += isSame ? 1 : 0;
        m_counts.sharedQuestions += !isSame && m_questions.count(mark.question) > 0 ? 1 : 0;
    }

private:
    DataCounts& m_counts;
    std::unordered_set<std::uint64_t> m_examples;
    std::unordered_set<std::uint64_t> m_questions;
};

/// Moves the rows of a split to where they belong and counts what is in both.
void divide(FileRows& rows, const text::RowSplit& split, TrainData& data) {
    LeakCount leaks(data.counts);
    for (const std::size_t index : split.train) {
        leaks.train(rows.marks[index]);
        data.trainRows.push_back(std::move(rows.rows[index]));
    }
    for (const std::size_t index : split.validation) {
        leaks.validate(rows.marks[index]);
        data.validationRows.push_back(std::move(rows.rows[index]));
    }
}

/// Takes the validation rows from their own file.
Result<void> addValidationFile(const TrainPlan& plan, const text::RowBuilder& builder,
                               const CancelToken& cancel, const ProgressSink& progress,
                               const std::vector<ExampleMark>& trainMarks, TrainData& data) {
    auto rows = readRows({*plan.validationFile}, plan.settings, builder, cancel, progress);
    if (!rows) return rows.error();
    addCounts(data.counts, *rows);
    LeakCount leaks(data.counts);
    for (const ExampleMark& mark : trainMarks)
        leaks.train(mark);
    for (const ExampleMark& mark : rows->marks)
        leaks.validate(mark);
    data.validationRows = std::move(rows->rows);
    if (data.validationRows.empty())
        return Error{codes::kNoTrainingRows, displayPath(*plan.validationFile) +
                                                 ": found no row to validate on, expected at least one; look "
                                                 "at it with `llamahome data`, or leave --validation out"};
    auto examples = readExamples({*plan.validationFile}, plan.settings, builder,
                                 firstIndices(data.validationRows.size()));
    if (!examples) return examples.error();
    data.examples = std::move(*examples);
    return {};
}

} // namespace

text::RowOptions rowOptionsOf(const config::Settings& settings) {
    text::RowOptions options;
    options.maxLength = static_cast<std::size_t>(settings.training.max_length);
    options.supervise = settings.data.supervise == "last" ? text::Supervise::Last : text::Supervise::All;
    options.system = settings.data.system;
    options.date = settings.data.date;
    return options;
}

Result<TrainData> readTrainData(const TrainPlan& plan, const text::Tokenizer& tokenizer,
                                const text::ChatTemplate& chatTemplate, const CancelToken& cancel,
                                const ProgressSink& progress) {
    const config::Settings& settings = plan.settings;
    const text::RowBuilder builder(tokenizer, chatTemplate, rowOptionsOf(settings));
    auto rows = readRows(plan.dataFiles, settings, builder, cancel, progress);
    if (!rows) return rows.error();
    TrainData data;
    addCounts(data.counts, *rows);
    if (rows->rows.empty()) return noRows(plan, data.counts);
    const double fraction = plan.validationFile ? 0.0 : settings.training.validation_split;
    const text::RowSplit split =
        text::splitRows(rows->rows.size(), fraction, static_cast<std::uint64_t>(settings.training.seed));
    divide(*rows, split, data);
    if (plan.validationFile) {
        auto added = addValidationFile(plan, builder, cancel, progress, rows->marks, data);
        if (!added) return added.error();
    } else {
        std::vector<std::size_t> wanted = split.validation.empty() ? split.train : split.validation;
        wanted.resize(std::min(wanted.size(), kDataExamples));
        auto examples = readExamples(plan.dataFiles, settings, builder, wanted);
        if (!examples) return examples.error();
        data.examples = std::move(*examples);
    }
    countTokens(data);
    data.notices = dataNotices(data.counts, settings, chatTemplate);
    return data;
}

} // namespace llamahome::jobs
