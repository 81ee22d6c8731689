// RunChart: the curves of one run that lies on the disk, or of several on top of each other. GUI thread.
#pragma once

#include <vector>

#include <QPointer>
#include <QString>
#include <QWidget>

#include "managers/metric_store.h"

class QCheckBox;
class QComboBox;
class QStackedWidget;
class QTableView;

namespace llamahome::items {
class MetricLineTable;
}

namespace llamahome::widgets {

class ChartSaver;
class MetricChart;

/// The lines as curves, or the same numbers as a table.
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

Q_SIGNALS:
    void pictureWanted(const QString& path, const QByteArray& png);
    /// `metric`: what is shown now.
    void numbersWanted(const QString& path, llamahome::managers::Metric metric);

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Shown {
        QString name;
        QPointer<managers::MetricStore> store;
    };

    QWidget* makeHead();
    void makeTable();
    managers::Metric metric() const;
    void showTable(bool on);
    void fillTable();
    void draw();
    void drawOne(managers::MetricStore& store, managers::Metric metric);
    void drawSeveral(managers::Metric metric);

    QComboBox* m_metric;
    QCheckBox* m_logarithmic;
    QCheckBox* m_asTable;
    ChartSaver* m_save;
    QStackedWidget* m_pages;
    MetricChart* m_chart;
    QTableView* m_table;
    items::MetricLineTable* m_lines;
    std::vector<Shown> m_runs;
};

} // namespace llamahome::widgets
