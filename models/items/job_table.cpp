#include "items/job_table.h"

#include <algorithm>

#include "items/job_words.h"

namespace llamahome::items {
using managers::Job;
using managers::JobList;

JobTable::JobTable(const JobList& jobs, QObject* parent)
    : QAbstractTableModel(parent)
    , m_jobs(jobs) {
    for (const Job* job : jobs.jobs())
        m_ids.insert(m_ids.begin(), job->id());
    connect(&jobs, &JobList::jobStarted, this, &JobTable::add);
    connect(&jobs, &JobList::jobChanged, this, &JobTable::update);
}

int JobTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_ids.size());
}

int JobTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JobTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const quint64 id = m_ids[static_cast<std::size_t>(index.row())];
    const Job* job = m_jobs.find(id);
    if (role == IdRole) return id;
    if (job == nullptr) return {};
    if (role == CommandRole) return job->commandLine();
    if (role == ActiveRole) return job->isActive();
    if (role == KindRole) return static_cast<int>(job->kind());
    if (role == Qt::ToolTipRole) return job->error() ? jobEndWords(*job) : job->title();
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case Title:
        return job->title();
    case State:
        return job->error() ? jobStateWords(job->state()) + QStringLiteral(": ") + jobEndWords(*job)
                            : jobEndWords(*job);
    case Amount:
        return jobAmountWords(*job);
    default:
        return jobLeftWords(*job);
    }
}

QVariant JobTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Title:
        return tr("Job");
    case State:
        return tr("State");
    case Amount:
        return tr("How far");
    case Left:
        return tr("Time left");
    default:
        return {};
    }
}

void JobTable::add(const Job* job) {
    for (int row = rowCount() - 1; row >= 0; --row) {
        const auto id = m_ids.begin() + row;
        if (m_jobs.find(*id) != nullptr) continue;
        beginRemoveRows({}, row, row);
        m_ids.erase(id);
        endRemoveRows();
    }
    beginInsertRows({}, 0, 0);
    m_ids.insert(m_ids.begin(), job->id());
    endInsertRows();
}

void JobTable::update(const Job* job) {
    const auto found = std::find(m_ids.begin(), m_ids.end(), job->id());
    if (found == m_ids.end()) return;
    const int row = static_cast<int>(found - m_ids.begin());
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

} // namespace llamahome::items
