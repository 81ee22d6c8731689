// MetricStore: the numbers of the run that is shown; charts and tables are views of it. A QObject; GUI
// thread.
#pragma once

#include <vector>

#include <QObject>

#include "core/error.h"
#include "jobs/train/run_list.h"
#include "managers/manager_context.h"
#include "managers/metric_columns.h"

namespace llamahome::managers {

/// Filled by a run that trains, or from the files of an old one. Redraw on a timer, not at each change.
class MetricStore final : public QObject {
    Q_OBJECT

public:
    explicit MetricStore(QObject* parent = nullptr);

    const MetricColumns& columns() const { return m_columns; }

    /// Throws all numbers away; the next run ends by `rule`.
    void clear(StoppingRule rule = {});
    /// Numbers made elsewhere, on another thread for a large run.
    void assign(MetricColumns columns);
    void append(const std::vector<MetricSample>& samples);

    /// Reads the numbers of a run on the file pool; then loaded() or loadFailed(). A later call, clear() or
    /// assign() makes an earlier load void. `context` outlives the store.
    void load(ManagerContext& context, const jobs::RunInfo& run);

Q_SIGNALS:
    /// Rows were added at the end, or all are others; at most ten times a second.
    void changed();
    /// The rows are not those of before with more at the end; comes before changed().
    void replaced();
    void loaded();
    void loadFailed(const llamahome::Error& error);

private:
    MetricColumns m_columns;
    quint64 m_generation = 0; ///< of loads
};

} // namespace llamahome::managers
