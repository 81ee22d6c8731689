#include "managers/metric_csv.h"

#include <array>

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

} // namespace llamahome::managers
