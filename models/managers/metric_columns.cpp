#include "managers/metric_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "jobs/train/metric_log.h"

namespace llamahome::managers {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

engine::EarlyStopping stoppingOf(const StoppingRule& rule) {
    return {rule.enabled, rule.patience, rule.minDelta, std::nullopt};
}

float known(double value) {
    return std::isfinite(value) ? static_cast<float>(value) : kUnknown;
}

} // namespace

MetricColumns::MetricColumns(StoppingRule rule)
    : m_rule(rule)
    , m_stopping(stoppingOf(rule)) {}

void MetricColumns::append(const MetricSample& sample) {
    const engine::MetricPoint& point = sample.point;
    if (point.step < 0 || point.step > std::numeric_limits<std::uint32_t>::max()) return;
    if (point.isEvaluation) {
        rewind(point.step);
        appendEvaluation(point);
        return;
    }
    rewind(point.step - 1);
    appendRow(point);
    if (sample.peakMemoryMib > 0.0) series(Metric::MemoryMib).setLast(known(sample.peakMemoryMib));
}

void MetricColumns::appendRow(const engine::MetricPoint& point) {
    m_steps.push(static_cast<std::uint32_t>(point.step));
    m_epochs.push(static_cast<float>(point.epoch));
    series(Metric::TrainLoss).push(known(point.trainLoss));
    series(Metric::SmoothedLoss).push(known(smoothed(point.trainLoss)));
    series(Metric::EvalLoss).push(kUnknown);
    series(Metric::LearningRate).push(known(point.learningRate));
    series(Metric::GradientNorm).push(known(point.gradNorm));
    series(Metric::TokensPerSecond).push(known(point.tokensPerSecond));
    series(Metric::MemoryMib).push(kUnknown);
}

void MetricColumns::appendEvaluation(const engine::MetricPoint& point) {
    const double loss = point.evalLoss.value_or(std::numeric_limits<double>::quiet_NaN());
    if (!m_evaluations.empty() && m_evaluations.back().step == point.step) return; // done again by a resume
    if (rows() == 0 || lastStep() < point.step) {
        m_steps.push(static_cast<std::uint32_t>(point.step));
        m_epochs.push(static_cast<float>(point.epoch));
        for (MetricSeries& column : m_series)
            column.push(kUnknown);
    }
    series(Metric::EvalLoss).setLast(known(loss));
    m_evaluations.push_back({point.step, loss});
    m_stopping.update(loss, point.step);
}

double MetricColumns::smoothed(double loss) {
    if (std::isfinite(loss)) {
        m_average = kSmoothing * m_average + (1.0 - kSmoothing) * loss;
        m_weight *= kSmoothing;
    }
    return m_weight < 1.0 ? m_average / (1.0 - m_weight) : std::numeric_limits<double>::quiet_NaN();
}

void MetricColumns::rewind(std::int64_t step) {
    if (rows() == 0 || lastStep() <= step) return;
    const std::size_t kept = lowerRow(static_cast<double>(step) + 0.5);
    m_steps.truncate(kept);
    m_epochs.truncate(kept);
    for (MetricSeries& column : m_series)
        column.truncate(kept);
    m_average = 0.0;
    m_weight = 1.0;
    for (std::size_t row = 0; row < kept; ++row)
        smoothed(static_cast<double>(series(Metric::TrainLoss)[row]));
    m_stopping = stoppingOf(m_rule);
    std::erase_if(m_evaluations, [step](const Evaluation& evaluation) { return evaluation.step > step; });
    for (const Evaluation& evaluation : m_evaluations)
        m_stopping.update(evaluation.loss, evaluation.step);
}

std::optional<double> MetricColumns::valueAt(Metric metric, std::size_t row) const {
    const auto value = static_cast<double>(series(metric)[row]);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::size_t MetricColumns::lowerRow(double step) const {
    std::size_t low = 0;
    std::size_t high = rows();
    if (high == 0) return 0;
    // Steps mostly follow each other without gaps, so the row can be told from the step.
    const double ahead = std::ceil(step) - static_cast<double>(m_steps[0]);
    const auto guess = static_cast<std::size_t>(std::clamp(ahead, 0.0, static_cast<double>(high - 1)));
    if (static_cast<double>(m_steps[guess]) < step)
        low = guess + 1;
    else
        high = guess;
    if (low == guess + 1 && (low == rows() || static_cast<double>(m_steps[low]) >= step)) return low;
    if (high == guess && (guess == 0 || static_cast<double>(m_steps[guess - 1]) < step)) return guess;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (static_cast<double>(m_steps[middle]) < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

std::optional<std::size_t> MetricColumns::rowNear(double step) const {
    if (rows() == 0) return std::nullopt;
    const std::size_t after = std::min(lowerRow(step), rows() - 1);
    if (after == 0) return after;
    const double left = step - static_cast<double>(m_steps[after - 1]);
    return left < static_cast<double>(m_steps[after]) - step ? after - 1 : after;
}

std::optional<std::size_t> MetricColumns::knownNear(Metric metric, std::size_t row) const {
    const MetricSeries& values = series(metric);
    const std::size_t before = values.lastKnownBefore(row + 1);
    const std::size_t after = values.firstKnownFrom(row);
    if (before == rows()) return after == rows() ? std::nullopt : std::optional(after);
    if (after == rows()) return before;
    return m_steps[row] - m_steps[before] <= m_steps[after] - m_steps[row] ? before : after;
}

std::vector<SeriesPoint> MetricColumns::decimate(Metric metric, double from, double to, int pixels) const {
    std::vector<SeriesPoint> points;
    if (rows() == 0 || pixels < 1 || !(from <= to)) return points;
    const MetricSeries& values = series(metric);
    const auto add = [&](std::size_t row) {
        points.push_back({static_cast<double>(m_steps[row]), static_cast<double>(values[row])});
    };
    points.reserve(2 * static_cast<std::size_t>(pixels) + 2);
    const std::size_t begin = lowerRow(from);
    const std::size_t end = lowerRow(std::nextafter(to, std::numeric_limits<double>::infinity()));
    if (const std::size_t row = values.lastKnownBefore(begin); row < rows()) add(row);
    std::size_t first = begin;
    for (int pixel = 1; pixel <= pixels && first < end; ++pixel) {
        const std::size_t last = pixel == pixels ? end : lowerRow(from + (to - from) * pixel / pixels);
        const MetricSeries::Extremes found = values.extremes(first, last);
        first = last;
        if (found.isEmpty()) continue;
        add(std::min(found.least, found.greatest));
        if (found.least != found.greatest) add(std::max(found.least, found.greatest));
    }
    if (const std::size_t row = values.firstKnownFrom(end); row < rows()) add(row);
    return points;
}

std::optional<MetricColumns::Range> MetricColumns::range(Metric metric, double from, double to) const {
    const MetricSeries& values = series(metric);
    const MetricSeries::Extremes found = values.extremes(
        lowerRow(from), lowerRow(std::nextafter(to, std::numeric_limits<double>::infinity())));
    if (found.isEmpty()) return std::nullopt;
    return Range{static_cast<double>(found.minimum), static_cast<double>(found.maximum)};
}

std::optional<jobs::RunBest> MetricColumns::best() const {
    const auto& best = m_stopping.best();
    return best ? std::optional(jobs::RunBest{best->evalLoss, best->step}) : std::nullopt;
}

std::optional<double> MetricColumns::firstEvaluation() const {
    return m_evaluations.empty() ? std::nullopt : std::optional(m_evaluations.front().loss);
}

std::optional<double> MetricColumns::lastEvaluation() const {
    return m_evaluations.empty() ? std::nullopt : std::optional(m_evaluations.back().loss);
}

int MetricColumns::evaluationsWithoutImprovement() const {
    const auto& best = m_stopping.best();
    return best ? best->evaluationsWithoutImprovement : 0;
}

std::size_t MetricColumns::bytes() const {
    std::size_t sum = m_steps.bytes() + m_epochs.bytes() + m_evaluations.capacity() * sizeof(Evaluation);
    for (const MetricSeries& column : m_series)
        sum += column.bytes();
    return sum;
}

Result<MetricColumns> readMetricColumns(const std::filesystem::path& metricsFile, StoppingRule rule) {
    const auto lines = jobs::readMetrics(metricsFile);
    if (!lines) return lines.error();
    MetricColumns columns(rule);
    for (const jobs::MetricLine& line : *lines)
        columns.append({line.point, line.peakMemoryMib});
    return columns;
}

StoppingRule stoppingRuleOf(const config::TrainingSettings& settings) {
    const config::EarlyStoppingSettings& stopping = settings.early_stopping;
    return {stopping.enabled, stopping.patience, stopping.min_delta};
}

Result<MetricColumns> readRunMetrics(const jobs::RunInfo& run) {
    const auto settings = jobs::readRunSettings(run);
    return readMetricColumns(run.path / "metrics.jsonl",
                             settings ? stoppingRuleOf(settings->training) : StoppingRule{});
}

} // namespace llamahome::managers
