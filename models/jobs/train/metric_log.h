// metrics.jsonl: appended while a run trains, read by charts and `runs`. One writer; readers on any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/result.h"
#include "jobs/json_lines.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Appends lines as JsonLines does.
class MetricLog {
public:
    /// Opens or creates the file. `files` and `clock` outlive the log.
    static Result<MetricLog> open(FileLayer& files, const std::filesystem::path& path, const Clock& clock);

    /// Appends a train or eval line. Numbers that are not finite become null.
    Result<void> append(const engine::MetricPoint& point);
    /// Appends {"kind":"resume","step":N}: lines before it with a greater step no longer count
    /// (with -1: none of them).
    Result<void> appendResume(std::int64_t step);
    /// Makes everything appended durable; called before a checkpoint is written.
    Result<void> sync();

private:
    MetricLog(JsonLines lines, const Clock& clock);

    JsonLines m_lines;
    const Clock* m_clock;
};

/// A train or eval line without what belongs to the hour and the process: the point as numbers.
Json metricJson(const engine::MetricPoint& point);

/// One line that counts.
struct MetricLine {
    engine::MetricPoint point;
    double peakMemoryMib = 0.0; ///< train lines only
    std::string time;           ///< UTC
};

/// The lines that count, in order: damaged lines are left out, lines with a greater step than a resume line
/// after them, and of two evaluations of one step the first (it was done again, as its checkpoint was not
/// kept). A missing file is an empty list.
Result<std::vector<MetricLine>> readMetrics(const std::filesystem::path& path);

} // namespace llamahome::jobs
