// DownloadFileTable: the files of one download as rows. GUI thread.
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "managers/download_manager.h"

namespace llamahome::items {

/// Those of the running or last attempt of this session; none before the source has told them.
class DownloadFileTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { File, State, Amount, Speed, Proof, ColumnCount };
    enum Role { PathRole = Qt::UserRole }; ///< QString

    /// `downloads` outlives it.
    explicit DownloadFileTable(const managers::DownloadManager& downloads, QObject* parent = nullptr);

    /// Of which download; 0: none.
    void show(quint64 id);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void update();
    QString text(const download::FileStatus& file, int column) const;

    const managers::DownloadManager& m_downloads;
    quint64 m_id = 0;
    bool m_isRepair = false;
    std::vector<download::FileStatus> m_files;
};

} // namespace llamahome::items
