// DownloadTable: the queue of downloads and what has ended, as rows. GUI thread.
#pragma once

#include <QAbstractTableModel>

#include "managers/download_manager.h"

namespace llamahome::items {

/// In the order of DownloadManager::items(). A changed list resets it; rows are known again by their ids.
class DownloadTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Name, State, Amount, Speed, Left, ColumnCount };
    enum Role {
        IdRole = Qt::UserRole, ///< quint64
        StateRole,             ///< int: managers::DownloadState
        PercentRole,           ///< int: 0 to 100; -1 where it cannot be told
    };

    /// `downloads` outlives it.
    explicit DownloadTable(const managers::DownloadManager& downloads, QObject* parent = nullptr);

    /// Invalid where there is none of that id.
    QModelIndex indexOf(quint64 id) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const managers::DownloadItem& item, int column) const;

    const managers::DownloadManager& m_downloads;
};

} // namespace llamahome::items
