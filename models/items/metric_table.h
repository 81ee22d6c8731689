// MetricTable: the numbers of a run as rows, read from the store as they are looked at. GUI thread.
#pragma once

#include <QAbstractTableModel>

#include "managers/metric_store.h"

namespace llamahome::items {

/// One row a step, oldest first; an evaluation stands in the row of its step. A cell without a value is
/// empty.
class MetricTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Step, Epoch, TrainLoss, EvalLoss, LearningRate, GradientNorm, TokensPerSecond, Memory };
    static constexpr int kColumns = 8;
    /// Besides the usual roles: the value as a number (double), invalid where there is none.
    static constexpr int kValueRole = Qt::UserRole;

    /// `store` outlives it.
    explicit MetricTable(managers::MetricStore& store, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    /// Those rows, or all where none is given, as text with tabs between, a line each, with the column names
    /// first: for the clipboard.
    QString text(const QModelIndexList& rows) const;

private:
    void takeChange();
    void takeReplacement();
    QVariant value(std::size_t row, int column) const;

    managers::MetricStore& m_store;
    int m_rows = 0; ///< told to the views so far
};

} // namespace llamahome::items
