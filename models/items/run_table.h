// RunTable: training runs as rows; sort through a proxy by SortRole. GUI thread.
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "managers/run_manager.h"

namespace llamahome::items {

/// "running", "finished", "stopped", "failed", "interrupted", as the command line says, translated.
QString runStateWord(jobs::RunState state);

class RunTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Name, Model, Data, State, BestLoss, When, Duration, Size, ColumnCount };
    enum Role {
        NameRole = Qt::UserRole, ///< QString
        StateRole,               ///< int: jobs::RunState
        SortRole,                ///< what the column is sorted by
    };

    /// Follows `manager`, which outlives it.
    explicit RunTable(const managers::RunManager& manager, QObject* parent = nullptr);

    /// Invalid where there is none of that name.
    QModelIndex indexOf(const QString& name) const;
    const jobs::RunInfo& runAt(int row) const { return m_rows[static_cast<std::size_t>(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    /// Keeps rows that stay, so that the selection does.
    void reload();

    const managers::RunManager& m_manager;
    std::vector<jobs::RunInfo> m_rows;
};

} // namespace llamahome::items
