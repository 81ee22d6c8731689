// RunChart: the curves of one run that lies on the disk, or of several on top of each other. GUI thread.
#pragma once

#include <vector>

#include <QPointer>
#include <QString>
#include <QWidget>

#include "managers/metric_store.h"

class QComboBox;

namespace llamahome::widgets {

class MetricChart;

class RunChart final : public QWidget {
    Q_OBJECT

public:
    struct Run {
        QString name;
        managers::MetricStore* store = nullptr;
    };

    explicit RunChart(QWidget* parent = nullptr);

    /// One run: train and eval loss with its best point; several: one line each. Stores may go before this.
    void showRuns(const std::vector<Run>& runs);

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Shown {
        QString name;
        QPointer<managers::MetricStore> store;
    };

    void draw();
    void drawOne(managers::MetricStore& store, managers::Metric metric);
    void drawSeveral(managers::Metric metric);

    QComboBox* m_metric;
    MetricChart* m_chart;
    std::vector<Shown> m_runs;
};

} // namespace llamahome::widgets
