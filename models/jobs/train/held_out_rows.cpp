#include "jobs/train/held_out_rows.h"

#include <algorithm>
#include <functional>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/in_parallel.h"
#include "text/data/dataset.h"
#include "text/data/split.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

struct PlacedExample {
    text::Example example;
    RowPlace place;
};

/// One pass over all files in batches; bad rows are counted or end it.
class Pass {
public:
    Pass(const HeldOutSource& source, const config::Settings& settings, const text::RowBuilder& builder,
         const CancelToken& cancel, const ProgressSink& progress)
        : m_source(source)
        , m_settings(settings)
        , m_builder(builder)
        , m_cancel(cancel)
        , m_progress(progress) {}

    using Take = std::function<void(text::BuiltRow&& row, const RowPlace& place)>;

    /// Calls `take` with each usable row, in order.
    Result<void> read(const std::string& phase, const Take& take) {
        Progress state{phase, 0, 0, "bytes"};
        for (const fs::path& file : m_source.files) {
            const auto size = fileSize(file);
            if (!size) return size.error();
            state.total += *size;
        }
        for (m_file = 0; m_file < m_source.files.size(); ++m_file) {
            auto reader = text::DatasetReader::open(m_source.files[m_file], {m_settings.data.map});
            if (!reader) return reader.error();
            const std::uint64_t before = state.done;
            bool isAtEnd = false;
            while (!isAtEnd) {
                if (m_cancel.isCancelled()) return Error{codes::kCancelled, "reading the data was stopped"};
                auto batch = nextBatch(*reader, isAtEnd);
                if (!batch) return batch.error();
                if (auto taken = build(*batch, take); !taken) return taken;
                state.done = std::min(before + reader->bytesRead(), state.total);
                if (m_progress) m_progress(state);
            }
            state.done = std::min(before + reader->sizeBytes(), state.total);
        }
        return {};
    }
    std::uint64_t badRows() const { return m_badRows; }

private:
    Result<std::vector<PlacedExample>> nextBatch(text::DatasetReader& reader, bool& isAtEnd) {
        std::vector<PlacedExample> batch;
        const auto wanted = static_cast<std::size_t>(std::max(1, m_settings.data.batch_rows));
        while (batch.size() < wanted) {
            auto row = reader.next();
            if (!row) return row.error();
            isAtEnd = !row->has_value();
            if (isAtEnd) break;
            if (auto* example = std::get_if<text::Example>(&**row)) {
                const RowPlace place{m_file, example->line, m_number++};
                batch.push_back({std::move(*example), place});
            } else if (auto counted = countBad(std::get<text::RowProblem>(**row).error); !counted) {
                return counted.error();
            }
        }
        return batch;
    }

    Result<void> build(const std::vector<PlacedExample>& batch, const Take& take) {
        std::vector<std::optional<Result<text::BuiltRow>>> built(batch.size());
        const auto done = inParallel(batch.size(), m_settings.training.max_workers,
                                     [&](std::size_t i) { built[i] = m_builder.build(batch[i].example); });
        if (!done) return done;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            Result<text::BuiltRow>& row = *built[i];
            if (!row) {
                const std::string place =
                    displayPath(m_source.files[m_file]) + " line " + std::to_string(batch[i].place.line);
                if (auto counted = countBad(row.error().within(place)); !counted) return counted;
            } else if (!row->isDropped) {
                take(std::move(*row), batch[i].place);
            }
        }
        return {};
    }

    Result<void> countBad(const Error& problem) {
        if (!m_settings.data.skip_bad_rows)
            return Error{problem.code,
                         problem.message + "; correct the row, or leave such rows out with --skip-bad-rows",
                         problem.detail};
        ++m_badRows;
        return {};
    }

    const HeldOutSource& m_source;
    const config::Settings& m_settings;
    const text::RowBuilder& m_builder;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::size_t m_file = 0;
    std::uint64_t m_number = 0;
    std::uint64_t m_badRows = 0;
};

/// Which of the usable rows belong to the share.
Result<std::vector<std::size_t>> chosenRows(const HeldOutSource& source, const config::Settings& settings,
                                            const text::RowBuilder& builder, const CancelToken& cancel,
                                            const ProgressSink& progress) {
    std::size_t usable = 0;
    Pass counting(source, settings, builder, cancel, progress);
    const auto counted =
        counting.read("counting rows", [&usable](text::BuiltRow&&, const RowPlace&) { ++usable; });
    if (!counted) return counted.error();
    return text::splitRows(usable, source.share->fraction, source.share->seed).validation;
}

} // namespace

Result<HeldOutRows> readHeldOutRows(const HeldOutSource& source, const config::Settings& settings,
                                    const text::RowBuilder& builder, const CancelToken& cancel,
                                    const ProgressSink& progress) {
    std::vector<std::size_t> chosen;
    if (source.share) {
        auto rows = chosenRows(source, settings, builder, cancel, progress);
        if (!rows) return rows.error();
        chosen = std::move(*rows);
    }
    HeldOutRows held;
    std::size_t usable = 0;
    auto next = chosen.begin();
    Pass pass(source, settings, builder, cancel, progress);
    const auto read = pass.read("reading data", [&](text::BuiltRow&& row, const RowPlace& place) {
        if (source.share) {
            if (next == chosen.end() || usable++ != *next) return;
            ++next;
        }
        held.cutRows += row.isCut ? 1 : 0;
        held.rows.push_back(std::move(row.row));
        held.places.push_back(place);
    });
    if (!read) return read.error();
    held.badRows = pass.badRows();
    return held;
}

Result<std::vector<text::Example>> readExamplesAt(const HeldOutSource& source,
                                                  const config::Settings& settings,
                                                  const std::vector<RowPlace>& places) {
    std::vector<text::Example> examples;
    std::uint64_t number = 0;
    for (const fs::path& file : source.files) {
        if (examples.size() == places.size()) break;
        auto reader = text::DatasetReader::open(file, {settings.data.map});
        if (!reader) return reader.error();
        while (examples.size() < places.size()) {
            auto row = reader->next();
            if (!row) return row.error();
            if (!row->has_value()) break;
            auto* example = std::get_if<text::Example>(&**row);
            if (example == nullptr || number++ != places[examples.size()].number) continue;
            examples.push_back(std::move(*example));
        }
    }
    if (examples.size() == places.size()) return examples;
    const RowPlace& missing = places[examples.size()];
    return Error{codes::kDataChanged, displayPath(source.files[missing.file]) + ": found no row at line " +
                                          std::to_string(missing.line) +
                                          ", where one was when it was measured; evaluate again when "
                                          "nothing writes to the file"};
}

} // namespace llamahome::jobs
