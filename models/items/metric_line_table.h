// MetricLineTable: the lines of a chart as columns of numbers, for those who read and do not look. GUI
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <QAbstractTableModel>
#include <QPointer>
#include <QString>

#include "managers/metric_store.h"

namespace llamahome::items {

/// One row for each step at which a line has a value, in order; a cell without a value is empty. Read anew
/// when a store changes.
class MetricLineTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    struct Line {
        QString name;
        QPointer<managers::MetricStore> store; ///< may go before this
        managers::Metric metric = managers::Metric::TrainLoss;
    };

    explicit MetricLineTable(QObject* parent = nullptr);

    /// `text` writes values as the chart does.
    void setLines(std::vector<Line> lines, std::function<QString(double)> text);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void readSteps();

    std::vector<Line> m_lines;
    std::vector<std::int64_t> m_steps;
    std::function<QString(double)> m_text;
};

} // namespace llamahome::items
