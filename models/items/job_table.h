// JobTable: the jobs of this session, newest first. GUI thread.
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "managers/job_list.h"

namespace llamahome::items {

/// The job of an index is found by its id: ended jobs leave the list in their time.
class JobTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Title, State, Amount, Left, ColumnCount };
    enum Role {
        IdRole = Qt::UserRole, ///< quint64
        CommandRole,           ///< QString: the job for a shell; empty where there is none
        ActiveRole,            ///< bool: it can be cancelled
        KindRole,              ///< int: managers::JobKind
    };

    /// `jobs` outlives it.
    explicit JobTable(const managers::JobList& jobs, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void add(const managers::Job* job);
    void update(const managers::Job* job);

    const managers::JobList& m_jobs;
    std::vector<quint64> m_ids; ///< newest first
};

} // namespace llamahome::items
