#include "managers/metric_store.h"

#include <utility>

#include "managers/run_job.h"

namespace llamahome::managers {

MetricStore::MetricStore(QObject* parent)
    : QObject(parent) {}

void MetricStore::clear(StoppingRule rule) {
    assign(MetricColumns(rule));
}

void MetricStore::assign(MetricColumns columns) {
    ++m_generation;
    m_columns = std::move(columns);
    Q_EMIT replaced();
    Q_EMIT changed();
}

void MetricStore::append(const std::vector<MetricSample>& samples) {
    if (samples.empty()) return;
    const std::int64_t last = m_columns.rows() > 0 ? m_columns.lastStep() : -1;
    const bool isRewound = samples.front().point.step < last ||
                           (samples.front().point.step == last && !samples.front().point.isEvaluation);
    for (const MetricSample& sample : samples)
        m_columns.append(sample);
    if (isRewound) Q_EMIT replaced();
    Q_EMIT changed();
}

void MetricStore::load(ManagerContext& context, const jobs::RunInfo& run) {
    const quint64 generation = ++m_generation;
    runTask<Result<MetricColumns>>(
        context.filePool, context.jobs, [run] { return readRunMetrics(run); }, this,
        [this, generation](Result<MetricColumns> columns) {
            if (generation != m_generation) return;
            if (!columns) {
                Q_EMIT loadFailed(columns.error());
                return;
            }
            assign(std::move(*columns));
            Q_EMIT loaded();
        });
}

} // namespace llamahome::managers
