#include "items/download_file_table.h"

#include "items/download_words.h"
#include "managers/model_words.h"
#include "managers/text.h"

namespace llamahome::items {
using download::FileStatus;
using managers::DownloadManager;

DownloadFileTable::DownloadFileTable(const DownloadManager& downloads, QObject* parent)
    : QAbstractTableModel(parent)
    , m_downloads(downloads) {
    connect(&downloads, &DownloadManager::itemsChanged, this, &DownloadFileTable::update);
    connect(&downloads, &DownloadManager::itemChanged, this, [this](quint64 id) {
        if (id == m_id) update();
    });
}

void DownloadFileTable::show(quint64 id) {
    if (id == m_id) return;
    m_id = id;
    update();
}

void DownloadFileTable::update() {
    const managers::DownloadItem* item = m_downloads.find(m_id);
    std::vector<FileStatus> files = item == nullptr ? std::vector<FileStatus>() : item->status.files;
    m_isRepair = item != nullptr && (item->wish.everyByte || !item->repaired.empty());
    if (files.size() != m_files.size() || (!files.empty() && files.front().path != m_files.front().path)) {
        beginResetModel();
        m_files = std::move(files);
        endResetModel();
        return;
    }
    m_files = std::move(files);
    if (!m_files.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int DownloadFileTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_files.size());
}

int DownloadFileTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DownloadFileTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const FileStatus& file = m_files[static_cast<std::size_t>(index.row())];
    if (role == PathRole) return managers::toQt(file.path);
    if (role == Qt::ToolTipRole) return text(file, index.column() == State ? State : File);
    return role == Qt::DisplayRole ? text(file, index.column()) : QVariant();
}

QString DownloadFileTable::text(const FileStatus& file, int column) const {
    switch (column) {
    case File:
        return managers::toQt(file.path);
    case State:
        return fileStateWords(file, m_isRepair);
    case Amount:
        return amountWords(file.doneBytes, file.totalBytes.value_or(0));
    case Speed:
        return speedWords(file.bytesPerSecond);
    default:
        return proofWords(file.provedBy);
    }
}

QVariant DownloadFileTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::ToolTipRole && section == Proof)
        return tr("What the source says of the file's bytes: it has its name only when they agree.");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case File:
        return tr("File");
    case State:
        return tr("State");
    case Amount:
        return tr("How far");
    case Speed:
        return tr("Speed");
    case Proof:
        return tr("Proved by");
    default:
        return {};
    }
}

} // namespace llamahome::items
