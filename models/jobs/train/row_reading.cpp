#include <algorithm>
#include <optional>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/in_parallel.h"
#include "jobs/train/train_data.h"
#include "text/data/dataset.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

using BuiltResult = std::optional<Result<text::BuiltRow>>;

/// Tokenises examples on some threads; the results keep the examples' order.
Result<std::vector<BuiltResult>> buildAll(const std::vector<text::Example>& examples,
                                          const text::RowBuilder& builder, int workers) {
    std::vector<BuiltResult> built(examples.size());
    const auto done =
        inParallel(examples.size(), workers, [&](std::size_t i) { built[i] = builder.build(examples[i]); });
    if (!done) return done.error();
    return built;
}

Error badRow(const Error& problem) {
    return Error{problem.code,
                 problem.message + "; correct the row, or leave such rows out with --skip-bad-rows",
                 problem.detail};
}

Error atLine(const Error& error, const fs::path& file, std::size_t line) {
    return error.within(displayPath(file) + " line " + std::to_string(line));
}

/// Reads one file after the other into FileRows.
class RowReading {
public:
    RowReading(const config::Settings& settings, const text::RowBuilder& builder, const CancelToken& cancel,
               const ProgressSink& progress)
        : m_settings(settings)
        , m_builder(builder)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<FileRows> read(const std::vector<fs::path>& files) {
        m_state = {"reading data", 0, 0, "bytes"};
        for (const fs::path& file : files) {
            const auto size = fileSize(file);
            if (!size) return size.error();
            m_state.total += *size;
        }
        for (const fs::path& file : files) {
            const std::uint64_t before = m_state.done;
            if (auto done = readFile(file, before); !done) return done.error();
        }
        m_state.done = m_state.total;
        if (m_progress) m_progress(m_state);
        return std::move(m_rows);
    }

private:
    Result<void> readFile(const fs::path& file, std::uint64_t before) {
        auto reader = text::DatasetReader::open(file, {m_settings.data.map});
        if (!reader) return reader.error();
        bool isAtEnd = false;
        while (!isAtEnd) {
            if (m_cancel.isCancelled()) return Error{codes::kCancelled, "reading the data was stopped"};
            auto batch = nextBatch(*reader, isAtEnd);
            if (!batch) return batch.error();
            if (auto taken = take(file, *batch); !taken) return taken;
            m_state.done = std::max(m_state.done, std::min(before + reader->bytesRead(), m_state.total));
            if (m_progress) m_progress(m_state);
        }
        m_state.done = std::min(before + reader->sizeBytes(), m_state.total);
        return {};
    }

    Result<std::vector<text::Example>> nextBatch(text::DatasetReader& reader, bool& isAtEnd) {
        std::vector<text::Example> batch;
        const auto wanted = static_cast<std::size_t>(std::max(1, m_settings.data.batch_rows));
        while (batch.size() < wanted) {
            auto row = reader.next();
            if (!row) return row.error();
            isAtEnd = !row->has_value();
            if (isAtEnd) break;
            if (auto* example = std::get_if<text::Example>(&**row)) {
                batch.push_back(std::move(*example));
                continue;
            }
            if (auto counted = countBad(std::get<text::RowProblem>(**row).error); !counted)
                return counted.error();
        }
        return batch;
    }

    Result<void> take(const fs::path& file, const std::vector<text::Example>& batch) {
        auto built = buildAll(batch, m_builder, m_settings.training.max_workers);
        if (!built) return built.error();
        for (std::size_t i = 0; i < batch.size(); ++i) {
            Result<text::BuiltRow>& row = *(*built)[i];
            if (!row) {
                if (auto counted = countBad(atLine(row.error(), file, batch[i].line)); !counted)
                    return counted;
                continue;
            }
            m_rows.cutRows += row->isCut ? 1 : 0;
            m_rows.droppedRows += row->isDropped ? 1 : 0;
            if (row->isDropped) continue;
            m_rows.rows.push_back(std::move(row->row));
            m_rows.marks.push_back({text::exampleHash(batch[i]), text::questionHash(batch[i])});
        }
        return {};
    }

    Result<void> countBad(const Error& problem) {
        if (!m_settings.data.skip_bad_rows) return badRow(problem);
        ++m_rows.badRows;
        return {};
    }

    const config::Settings& m_settings;
    const text::RowBuilder& m_builder;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    Progress m_state;
    FileRows m_rows;
};

} // namespace

std::optional<DataExample> questionOf(const text::Example& example, const std::string& system) {
    const auto& messages = example.messages;
    const auto answer = std::find_if(messages.rbegin(), messages.rend(),
                                     [](const text::Message& m) { return m.role == "assistant"; });
    if (answer == messages.rend()) return std::nullopt;
    DataExample question{{messages.begin(), answer.base() - 1}, answer->content};
    if (question.messages.empty() || question.messages.back().role != "user") return std::nullopt;
    if (!system.empty() && question.messages.front().role != "system")
        question.messages.insert(question.messages.begin(), {"system", system});
    return question;
}

Result<FileRows> readRows(const std::vector<fs::path>& files, const config::Settings& settings,
                          const text::RowBuilder& builder, const CancelToken& cancel,
                          const ProgressSink& progress) {
    return RowReading(settings, builder, cancel, progress).read(files);
}

Result<std::vector<DataExample>> readExamples(const std::vector<fs::path>& files,
                                              const config::Settings& settings,
                                              const text::RowBuilder& builder,
                                              const std::vector<std::size_t>& rows) {
    std::vector<DataExample> examples;
    std::size_t usable = 0;
    auto wanted = rows.begin();
    for (const fs::path& file : files) {
        auto reader = text::DatasetReader::open(file, {settings.data.map});
        if (!reader) return reader.error();
        while (wanted != rows.end()) {
            auto row = reader->next();
            if (!row) return row.error();
            if (!row->has_value()) break;
            const auto* example = std::get_if<text::Example>(&**row);
            if (example == nullptr) continue;
            const auto built = builder.build(*example);
            if (!built || built->isDropped || usable++ != *wanted) continue;
            ++wanted;
            if (auto question = questionOf(*example, settings.data.system))
                examples.push_back(std::move(*question));
        }
    }
    return examples;
}

} // namespace llamahome::jobs
