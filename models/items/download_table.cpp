#include "items/download_table.h"

#include <algorithm>

#include <QDateTime>

#include "items/download_words.h"
#include "items/job_words.h"
#include "items/when_words.h"

namespace llamahome::items {
using managers::DownloadItem;
using managers::DownloadManager;
using managers::DownloadState;

DownloadTable::DownloadTable(const DownloadManager& downloads, QObject* parent)
    : QAbstractTableModel(parent)
    , m_downloads(downloads) {
    connect(&downloads, &DownloadManager::itemsChanged, this, [this] {
        beginResetModel();
        endResetModel();
    });
    connect(&downloads, &DownloadManager::itemChanged, this, [this](quint64 id) {
        const QModelIndex first = indexOf(id);
        if (first.isValid()) Q_EMIT dataChanged(first, index(first.row(), ColumnCount - 1));
    });
}

QModelIndex DownloadTable::indexOf(quint64 id) const {
    const auto& items = m_downloads.items();
    const auto found =
        std::find_if(items.begin(), items.end(), [id](const DownloadItem& item) { return item.id == id; });
    return found == items.end() ? QModelIndex() : index(static_cast<int>(found - items.begin()), 0);
}

int DownloadTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_downloads.items().size());
}

int DownloadTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DownloadTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const DownloadItem& item = m_downloads.items()[static_cast<std::size_t>(index.row())];
    switch (role) {
    case IdRole:
        return item.id;
    case StateRole:
        return static_cast<int>(item.state);
    case PercentRole:
        if (item.totalBytes == 0) return -1;
        return static_cast<int>(std::min<quint64>(100, item.doneBytes * 100 / item.totalBytes));
    case Qt::ToolTipRole:
        return downloadSentence(item, m_downloads.jobOf(item.id));
    case Qt::DisplayRole:
        return text(item, index.column());
    default:
        return {};
    }
}

QString DownloadTable::text(const DownloadItem& item, int column) const {
    const managers::Job* job = m_downloads.jobOf(item.id);
    switch (column) {
    case Name:
        return item.wish.name;
    case State:
        return downloadStateWords(item, job);
    case Amount:
        return amountWords(item.doneBytes, item.totalBytes);
    case Speed:
        return item.state == DownloadState::Running ? speedWords(item.status.bytesPerSecond) : QString();
    default:
        break;
    }
    if (item.hasEnded()) return whenWords(QDateTime::fromSecsSinceEpoch(item.endedSeconds));
    return item.state == DownloadState::Running && job != nullptr ? jobLeftWords(*job) : QString();
}

QVariant DownloadTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Name:
        return tr("Model");
    case State:
        return tr("State");
    case Amount:
        return tr("How far");
    case Speed:
        return tr("Speed");
    case Left:
        return tr("Time left, or end");
    default:
        return {};
    }
}

} // namespace llamahome::items
