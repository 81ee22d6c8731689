// MetricColumns: the numbers of one run in little memory, and which of them to draw. A value; one thread at a
// time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/result.h"
#include "jobs/train/run_list.h"
#include "llama/engine.h"
#include "llama/train/early_stopping.h"
#include "managers/metric_series.h"

namespace llamahome::managers {

/// What is told of each step.
enum class Metric {
    TrainLoss,
    SmoothedLoss, ///< mean of the train loss, older steps weighing ever less
    EvalLoss,
    LearningRate,
    GradientNorm,
    TokensPerSecond,
    MemoryMib,
};
inline constexpr int kMetrics = 7;

/// A point of a run with what the process has taken at most until then.
struct MetricSample {
    engine::MetricPoint point;
    double peakMemoryMib = 0.0; ///< 0: not known
};

/// A point to draw.
struct SeriesPoint {
    double step = 0.0;
    double value = 0.0;
};

/// When a run ends early, for the countdown.
struct StoppingRule {
    bool enabled = false;
    int patience = 0;
    double minDelta = 0.0;
};

/// One row a step, in order: an evaluation stands in the row of its step. At most kBytesPerRow a row.
class MetricColumns {
public:
    static constexpr std::size_t kBytesPerRow = 64;
    static constexpr double kSmoothing = 0.9; ///< weight of what was, at each step

    explicit MetricColumns(StoppingRule rule = {});

    /// A point of a step that is already there (a resumed run) first drops everything from that step on.
    void append(const MetricSample& sample);
    /// Drops the rows of greater steps.
    void rewind(std::int64_t step);

    std::size_t rows() const { return m_steps.size(); }
    std::int64_t stepAt(std::size_t row) const { return m_steps[row]; }
    double epochAt(std::size_t row) const { return static_cast<double>(m_epochs[row]); }
    /// Nothing where it is not known.
    std::optional<double> valueAt(Metric metric, std::size_t row) const;
    /// The row whose step is nearest; nothing without rows.
    std::optional<std::size_t> rowNear(double step) const;
    /// The row at or next to `row` that has a value; nothing where none has.
    std::optional<std::size_t> knownNear(Metric metric, std::size_t row) const;
    std::int64_t lastStep() const { return rows() == 0 ? 0 : m_steps[rows() - 1]; }

    /// What a line of that width needs: in order of step at most two points a pixel, those of least and
    /// greatest value there, and the nearest known one on either side of the range. Costs O(pixels · log
    /// rows).
    std::vector<SeriesPoint> decimate(Metric metric, double from, double to, int pixels) const;
    /// Least and greatest value between two steps; nothing where none is known.
    struct Range {
        double minimum = 0.0;
        double maximum = 0.0;
    };
    std::optional<Range> range(Metric metric, double from, double to) const;

    const StoppingRule& stoppingRule() const { return m_rule; }
    /// The lowest evaluation so far.
    std::optional<jobs::RunBest> best() const;
    std::optional<double> firstEvaluation() const;
    std::optional<double> lastEvaluation() const;
    /// Whether there is one but the first, so that the two can be compared.
    bool hasLaterEvaluation() const { return m_evaluations.size() > 1; }
    /// Evaluations in a row without improvement; of `patience`, then the run ends.
    int evaluationsWithoutImprovement() const;

    /// What it takes, growth included.
    std::size_t bytes() const;

private:
    struct Evaluation {
        std::int64_t step = 0;
        double loss = 0.0;
    };

    void appendRow(const engine::MetricPoint& point);
    void appendEvaluation(const engine::MetricPoint& point);
    double smoothed(double loss);
    /// First row of a step that is not less.
    std::size_t lowerRow(double step) const;
    MetricSeries& series(Metric metric) { return m_series[static_cast<std::size_t>(metric)]; }
    const MetricSeries& series(Metric metric) const { return m_series[static_cast<std::size_t>(metric)]; }

    StoppingRule m_rule;
    ChunkedColumn<std::uint32_t> m_steps;
    ChunkedColumn<float> m_epochs;
    std::array<MetricSeries, kMetrics> m_series;
    std::vector<Evaluation> m_evaluations;
    engine::EarlyStopping m_stopping;
    double m_average = 0.0; ///< before the correction for its start
    double m_weight = 1.0;  ///< that its start still has
};

StoppingRule stoppingRuleOf(const config::TrainingSettings& settings);

/// The numbers of a metrics.jsonl. Not on the GUI thread.
Result<MetricColumns> readMetricColumns(const std::filesystem::path& metricsFile, StoppingRule rule);
/// Those of a run with the rule of its own settings. Not on the GUI thread.
Result<MetricColumns> readRunMetrics(const jobs::RunInfo& run);

} // namespace llamahome::managers
