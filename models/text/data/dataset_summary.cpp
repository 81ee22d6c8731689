#include "text/data/dataset_summary.h"

#include <algorithm>
#include <utility>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "text/data/length_histogram.h"

namespace llamahome::text {
namespace {

constexpr std::uint64_t kRowsBetweenReports = 64;

/// One pass over the files.
class Summariser {
public:
    Summariser(const DatasetOptions& options, const RowBuilder& builder, const CancelToken& cancel,
               const ProgressSink& progress)
        : m_options(options)
        , m_builder(builder)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<DatasetSummary> run(const std::vector<std::filesystem::path>& files) {
        for (const auto& path : files) {
            const auto size = fileSize(path);
            if (!size) return size.error();
            m_totalBytes += *size;
        }
        for (const auto& path : files) {
            if (auto read = readFileRows(path); !read) return read.error();
        }
        m_summary.lengths = m_lengths.statistics();
        std::sort(m_hashes.begin(), m_hashes.end());
        const auto distinct = std::unique(m_hashes.begin(), m_hashes.end()) - m_hashes.begin();
        m_summary.duplicates = m_summary.rows - static_cast<std::uint64_t>(distinct);
        return std::move(m_summary);
    }

private:
    Result<void> readFileRows(const std::filesystem::path& path) {
        auto reader = DatasetReader::open(path, m_options);
        if (!reader) return reader.error();
        if (!m_summary.kind) m_summary.kind = reader->kind();
        for (std::uint64_t count = 0;; ++count) {
            if (m_cancel.isCancelled()) return Error{codes::kCancelled, "reading the data was stopped"};
            if (count % kRowsBetweenReports == 0) report(reader->bytesRead());
            auto row = reader->next();
            if (!row) return row.error();
            if (!*row) break;
            take(std::move(**row));
        }
        if (!m_summary.format) m_summary.format = reader->format();
        m_doneBytes += reader->sizeBytes();
        report(0);
        return {};
    }

    void take(DatasetRow row) {
        if (auto* problem = std::get_if<RowProblem>(&row)) return addProblem(std::move(*problem));
        const Example& example = std::get<Example>(row);
        const auto built = m_builder.build(example);
        if (!built) return addProblem({built.error(), example.line, 0});
        ++m_summary.rows;
        m_hashes.push_back(exampleHash(example));
        m_lengths.add(built->fullLength);
        m_summary.cutRows += built->isCut ? 1 : 0;
        if (built->isDropped) {
            ++m_summary.droppedRows;
            return;
        }
        m_summary.tokens += built->row.tokens.size();
        m_summary.supervisedTokens += built->row.targetCount();
    }

    void addProblem(RowProblem problem) {
        ++m_summary.badRows;
        if (m_summary.problems.size() < DatasetSummary::kMostProblems)
            m_summary.problems.push_back(std::move(problem));
    }

    void report(std::uint64_t bytesOfThisFile) const {
        if (m_progress) m_progress({"reading data", m_doneBytes + bytesOfThisFile, m_totalBytes, "bytes"});
    }

    const DatasetOptions& m_options;
    const RowBuilder& m_builder;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    DatasetSummary m_summary;
    LengthHistogram m_lengths;
    std::vector<std::uint64_t> m_hashes;
    std::uint64_t m_totalBytes = 0;
    std::uint64_t m_doneBytes = 0;
};

} // namespace

double DatasetSummary::supervisedShare() const {
    return tokens == 0 ? 0.0 : static_cast<double>(supervisedTokens) / static_cast<double>(tokens);
}

Result<DatasetSummary> summariseDataset(const std::vector<std::filesystem::path>& files,
                                        const DatasetOptions& options, const RowBuilder& builder,
                                        const CancelToken& cancel, const ProgressSink& progress) {
    return Summariser(options, builder, cancel, progress).run(files);
}

} // namespace llamahome::text
