// A run as one HTML file that needs nothing beside it: settings, data, curves, answers, evaluation,
// comparison. Any thread but GUI.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/train/evaluate_model.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_list.h"
#include "jobs/train/train_samples.h"

namespace llamahome::jobs {

/// One message that two sides of a model answered, with the same seed.
struct ComparedAnswers {
    struct Side {
        std::string name; ///< "base model alone", "recipes × 0.5"
        std::string answer;
    };
    std::string model;
    std::string prompt;
    std::int64_t seed = 0;
    std::array<Side, 2> sides;
};

struct RunReport {
    std::optional<RunInfo> run; ///< nothing: of a comparison that belongs to none
    std::vector<MetricLine> metrics;
    std::vector<SampleAnswer> samples;
    std::string note;
    std::optional<EvaluationReport> evaluation;
    std::vector<ComparedAnswers> comparisons;
    std::string programVersion; ///< that writes it
    std::string writtenAt;      ///< UTC
};

/// All that the run's folder holds. What cannot be read, but for the numbers, is left out. RUN-04 and FILE-xx
/// of the numbers.
Result<RunReport> readRunReport(const RunInfo& run);

/// The file: well-formed XML too; text of models, data and persons is shown as text, whatever it holds.
std::string runReportHtml(const RunReport& report);

/// Writes it whole, replacing a file of that name.
Result<void> writeRunReport(FileLayer& files, const std::filesystem::path& path, RunReport report,
                            const std::string& programVersion, const Clock& clock);

} // namespace llamahome::jobs
