#include "jobs/train/metric_log.h"

#include <cmath>
#include <iterator>

#include "core/error_codes.h"
#include "core/machine.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

double rounded(double value, double steps) {
    return std::isfinite(value) ? std::round(value * steps) / steps : value;
}

/// A train or eval line; nothing when a field is missing or wrong.
std::optional<MetricLine> metricLine(const Json& json, bool isEvaluation) {
    RecordFields fields(json, "line", codes::kRunDamaged);
    MetricLine line;
    engine::MetricPoint& point = line.point;
    point.isEvaluation = isEvaluation;
    point.step = fields.integer("step");
    point.epoch = fields.number("epoch");
    point.trainLoss = fields.number("train_loss");
    point.learningRate = fields.number("learning_rate");
    point.tokens = fields.count("tokens");
    line.time = fields.text("time");
    if (isEvaluation) {
        point.evalLoss = fields.number("eval_loss");
    } else {
        point.gradNorm = fields.number("grad_norm");
        point.supervisedTokens = fields.count("supervised_tokens");
        point.tokensPerSecond = fields.number("tokens_per_second");
        point.stepSeconds = fields.number("step_seconds");
        line.peakMemoryMib = fields.number("peak_memory_mib");
    }
    if (fields.problem()) return std::nullopt;
    return line;
}

/// Steps rise from line to line but for evaluations, which stand behind their step, so all that a line takes
/// back is at the end.
void takeBackAfter(std::int64_t step, std::vector<MetricLine>& lines) {
    while (!lines.empty() && lines.back().point.step > step)
        lines.pop_back();
}

void takeBackEvaluationAt(std::int64_t step, std::vector<MetricLine>& lines) {
    for (auto line = lines.end(); line != lines.begin() && std::prev(line)->point.step >= step; --line) {
        const auto& point = std::prev(line)->point;
        if (!point.isEvaluation || point.step != step) continue;
        lines.erase(std::prev(line));
        return;
    }
}

void takeLine(const Json& json, std::vector<MetricLine>& lines) {
    RecordFields fields(json, "line", codes::kRunDamaged);
    const std::string kind = fields.text("kind");
    if (kind == "resume") {
        const std::int64_t step = fields.integer("step");
        if (!fields.problem()) takeBackAfter(step, lines);
        return;
    }
    if (kind != "train" && kind != "eval") return;
    auto line = metricLine(json, kind == "eval");
    if (!line) return;
    if (line->point.isEvaluation) takeBackEvaluationAt(line->point.step, lines);
    lines.push_back(std::move(*line));
}

} // namespace

Json metricJson(const engine::MetricPoint& point) {
    Json json{{"kind", point.isEvaluation ? "eval" : "train"},
              {"step", point.step},
              {"epoch", point.epoch},
              {"train_loss", point.trainLoss}};
    if (point.isEvaluation) json["eval_loss"] = point.evalLoss ? Json(*point.evalLoss) : Json(nullptr);
    json["learning_rate"] = point.learningRate;
    if (!point.isEvaluation) json["grad_norm"] = point.gradNorm;
    json["tokens"] = point.tokens;
    if (point.isEvaluation) return json;
    json["supervised_tokens"] = point.supervisedTokens;
    json["tokens_per_second"] = rounded(point.tokensPerSecond, 10.0);
    json["step_seconds"] = rounded(point.stepSeconds, 1000.0);
    return json;
}

MetricLog::MetricLog(JsonLines lines, const Clock& clock)
    : m_lines(std::move(lines))
    , m_clock(&clock) {}

Result<MetricLog> MetricLog::open(FileLayer& files, const fs::path& path, const Clock& clock) {
    auto lines = JsonLines::open(files, path);
    if (!lines) return lines.error();
    return MetricLog(std::move(*lines), clock);
}

Result<void> MetricLog::append(const engine::MetricPoint& point) {
    Json json = metricJson(point);
    if (!point.isEvaluation) json["peak_memory_mib"] = static_cast<std::int64_t>(peakMemoryMib());
    json["time"] = formatUtc(m_clock->now());
    return m_lines.append(json);
}

Result<void> MetricLog::appendResume(std::int64_t step) {
    return m_lines.append(Json{{"kind", "resume"}, {"step", step}});
}

Result<void> MetricLog::sync() {
    return m_lines.sync();
}

Result<std::vector<MetricLine>> readMetrics(const fs::path& path) {
    std::vector<MetricLine> lines;
    auto read = forEachJsonLine(path, [&lines](const Json& json) { takeLine(json, lines); });
    if (!read) return read.error();
    return lines;
}

} // namespace llamahome::jobs
