#include "managers/metric_csv.h"

#include <array>
#include <map>

#include "core/quantity.h"

namespace llamahome::managers {
namespace {

constexpr int kDigits = 7; ///< as many as a column keeps

struct CsvColumn {
    const char* name;
    Metric metric;
};
constexpr std::array kColumns{
    CsvColumn{"train_loss", Metric::TrainLoss},
    CsvColumn{"eval_loss", Metric::EvalLoss},
    CsvColumn{"learning_rate", Metric::LearningRate},
    CsvColumn{"grad_norm", Metric::GradientNorm},
    CsvColumn{"tokens_per_second", Metric::TokensPerSecond},
    CsvColumn{"peak_memory_mib", Metric::MemoryMib},
};

} // namespace

std::string metricCsv(const MetricColumns& columns) {
    std::string text = "step,epoch";
    for (const CsvColumn& column : kColumns)
        text += std::string(",") + column.name;
    text += '\n';
    for (std::size_t row = 0; row < columns.rows(); ++row) {
        text += std::to_string(columns.stepAt(row)) + ',' + formatNumber(columns.epochAt(row), kDigits);
        for (const CsvColumn& column : kColumns) {
            const auto value = columns.valueAt(column.metric, row);
            text += ',' + (value ? formatNumber(*value, kDigits) : std::string());
        }
        text += '\n';
    }
    return text;
}

std::string comparedCsv(const std::vector<std::string>& names, const std::vector<MetricColumns>& runs,
                        Metric metric) {
    std::map<std::int64_t, std::vector<std::string>> lines;
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (std::size_t row = 0; row < runs[run].rows(); ++row)
            if (const auto value = runs[run].valueAt(metric, row)) {
                std::vector<std::string>& cells = lines[runs[run].stepAt(row)];
                cells.resize(runs.size());
                cells[run] = formatNumber(*value, kDigits);
            }
    std::string text = "step";
    for (const std::string& name : names)
        text += ',' + name;
    text += '\n';
    for (const auto& [step, cells] : lines) {
        text += std::to_string(step);
        for (const std::string& cell : cells)
            text += ',' + cell;
        text += '\n';
    }
    return text;
}

} // namespace llamahome::managers
