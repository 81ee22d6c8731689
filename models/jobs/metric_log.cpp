#include "jobs/metric_log.h"

#include <cmath>
#include <fstream>

#include "core/error_codes.h"
#include "core/json.h"
#include "core/machine.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxLineBytes = 64U << 10;

double rounded(double value, double steps) {
    return std::isfinite(value) ? std::round(value * steps) / steps : value;
}

Json trainJson(const engine::MetricPoint& point, const std::string& time) {
    return {{"kind", "train"},
            {"step", point.step},
            {"epoch", point.epoch},
            {"train_loss", point.trainLoss},
            {"learning_rate", point.learningRate},
            {"grad_norm", point.gradNorm},
            {"tokens", point.tokens},
            {"supervised_tokens", point.supervisedTokens},
            {"tokens_per_second", rounded(point.tokensPerSecond, 10.0)},
            {"step_seconds", rounded(point.stepSeconds, 1000.0)},
            {"peak_memory_mib", static_cast<std::int64_t>(peakMemoryMib())},
            {"time", time}};
}

Json evalJson(const engine::MetricPoint& point, const std::string& time) {
    return {{"kind", "eval"},
            {"step", point.step},
            {"epoch", point.epoch},
            {"train_loss", point.trainLoss},
            {"eval_loss", point.evalLoss ? Json(*point.evalLoss) : Json(nullptr)},
            {"learning_rate", point.learningRate},
            {"tokens", point.tokens},
            {"time", time}};
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

void takeLine(const std::string& text, std::vector<MetricLine>& lines) {
    const auto json = parseJson(text, "line", {4, kMaxLineBytes});
    if (!json || !json->is_object()) return;
    RecordFields fields(*json, "line", codes::kRunDamaged);
    const std::string kind = fields.text("kind");
    if (kind == "resume") {
        const std::int64_t step = fields.integer("step");
        if (!fields.problem())
            std::erase_if(lines, [&](const MetricLine& line) { return line.point.step > step; });
        return;
    }
    if (kind != "train" && kind != "eval") return;
    if (auto line = metricLine(*json, kind == "eval")) lines.push_back(std::move(*line));
}

/// Whether the file ends within a line.
Result<bool> endsInLine(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    if (!stream) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    if (stream.tellg() == std::streampos(0)) return false;
    stream.seekg(-1, std::ios::end);
    return stream.get() != '\n';
}

} // namespace

MetricLog::MetricLog(std::unique_ptr<WritableFile> file, const Clock& clock, bool endsInLine)
    : m_file(std::move(file))
    , m_clock(&clock)
    , m_endsInLine(endsInLine) {}

Result<MetricLog> MetricLog::open(FileLayer& files, const fs::path& path, const Clock& clock) {
    auto file = files.openAppend(path);
    if (!file) return file.error();
    const auto isCut = endsInLine(path);
    if (!isCut) return isCut.error();
    return MetricLog(std::move(*file), clock, *isCut);
}

Result<void> MetricLog::append(const engine::MetricPoint& point) {
    const std::string time = formatUtc(m_clock->now());
    return write(writeJsonLine(point.isEvaluation ? evalJson(point, time) : trainJson(point, time)));
}

Result<void> MetricLog::appendResume(std::int64_t step) {
    return write(writeJsonLine(Json{{"kind", "resume"}, {"step", step}}));
}

Result<void> MetricLog::sync() {
    return m_file->sync();
}

Result<void> MetricLog::write(std::string line) {
    line += '\n';
    if (m_endsInLine) line.insert(line.begin(), '\n');
    m_endsInLine = true; // until the whole line is known to be there
    if (auto written = m_file->write(std::as_bytes(std::span(line))); !written) return written;
    m_endsInLine = false;
    return {};
}

Result<std::vector<MetricLine>> readMetrics(const fs::path& path) {
    std::vector<MetricLine> lines;
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    if (status.type() == fs::file_type::not_found) return lines;
    if (!fs::is_regular_file(status))
        return Error{codes::kNotAFile, displayPath(path) + ": found no regular file; remove the run"};
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    std::string line;
    while (std::getline(stream, line)) {
        const bool isWhole = !stream.eof();
        if (isWhole && line.size() <= kMaxLineBytes) takeLine(line, lines);
    }
    return lines;
}

} // namespace llamahome::jobs
