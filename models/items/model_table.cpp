#include "items/model_table.h"

#include <algorithm>
#include <utility>

#include "managers/model_words.h"
#include "managers/text.h"

namespace llamahome::items {
namespace {

using jobs::ModelEntry;
using managers::Fit;
using managers::toQt;

constexpr quintptr kGroupId = 0; ///< the id of a group's row; of an entry: its section's row + 1

QString groupTitle(ModelTable::Group group) {
    switch (group) {
    case ModelTable::Group::Installed:
        return ModelTable::tr("Installed");
    case ModelTable::Group::Adapters:
        return ModelTable::tr("Fine-tuned adapters");
    case ModelTable::Group::Known:
        return ModelTable::tr("Known, not installed");
    }
    return {};
}

Fit worse(Fit a, Fit b) {
    if (a == Fit::TooLarge || b == Fit::TooLarge) return Fit::TooLarge;
    return a == Fit::Fits && b == Fit::Fits ? Fit::Fits : Fit::Unknown;
}

} // namespace

ModelTable::ModelTable(const managers::ModelManager& manager, QObject* parent)
    : QAbstractItemModel(parent)
    , m_manager(manager) {
    connect(&m_manager, &managers::ModelManager::modelsChanged, this, &ModelTable::reload);
    reload();
}

void ModelTable::followDownloads(const managers::DownloadManager& downloads) {
    m_downloads = &downloads;
    connect(&downloads, &managers::DownloadManager::itemChanged, this, [this](quint64 id) {
        const managers::DownloadItem* item = m_downloads->find(id);
        const QModelIndex row = item == nullptr ? QModelIndex() : indexOf(item->wish.name);
        if (row.isValid()) Q_EMIT dataChanged(row.siblingAtColumn(State), row.siblingAtColumn(State));
    });
}

QString ModelTable::downloadText(const ModelEntry& entry) const {
    const auto* item = m_downloads == nullptr ? nullptr : m_downloads->unfinishedOf(toQt(entry.name));
    if (item == nullptr || !item->isActive() || item->totalBytes == 0) return {};
    return tr("%1 % is here").arg(item->doneBytes * 100 / item->totalBytes);
}

void ModelTable::reload() {
    Section installed{Group::Installed, {}};
    Section known{Group::Known, {}};
    for (const ModelEntry& entry : m_manager.models())
        (entry.state == jobs::ModelState::Absent ? known : installed).entries.push_back(entry);
    beginResetModel();
    m_sections.clear();
    for (Section& section : std::array{installed, Section{Group::Adapters, m_manager.adapters()}, known})
        if (!section.entries.empty()) m_sections.push_back(std::move(section));
    endResetModel();
}

QModelIndex ModelTable::indexOf(const QString& name) const {
    const std::string wanted = managers::fromQt(name);
    for (std::size_t group = 0; group < m_sections.size(); ++group) {
        const auto& entries = m_sections[group].entries;
        const auto found = std::find_if(entries.begin(), entries.end(),
                                        [&](const ModelEntry& entry) { return entry.name == wanted; });
        if (found != entries.end())
            return createIndex(static_cast<int>(found - entries.begin()), Name, quintptr(group) + 1);
    }
    return {};
}

QModelIndex ModelTable::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : kGroupId);
}

QModelIndex ModelTable::parent(const QModelIndex& child) const {
    if (!child.isValid() || child.internalId() == kGroupId) return {};
    return createIndex(static_cast<int>(child.internalId()) - 1, Name, kGroupId);
}

int ModelTable::rowCount(const QModelIndex& parent) const {
    if (!parent.isValid()) return static_cast<int>(m_sections.size());
    if (parent.internalId() != kGroupId || parent.column() != Name) return 0;
    return static_cast<int>(m_sections.at(static_cast<std::size_t>(parent.row())).entries.size());
}

int ModelTable::columnCount(const QModelIndex&) const {
    return ColumnCount;
}

const ModelEntry* ModelTable::entryAt(const QModelIndex& index) const {
    if (!index.isValid() || index.internalId() == kGroupId) return nullptr;
    return &m_sections.at(index.internalId() - 1).entries.at(static_cast<std::size_t>(index.row()));
}

QVariant ModelTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const ModelEntry* entry = entryAt(index);
    if (entry == nullptr)
        return groupData(m_sections.at(static_cast<std::size_t>(index.row())), index.column(), role);
    switch (role) {
    case Qt::DisplayRole:
        return text(*entry, index.column());
    case Qt::ToolTipRole:
        return toolTip(*entry, index.column());
    case Qt::TextAlignmentRole:
        return index.column() == Size ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    case NameRole:
        return toQt(entry->name);
    case IsAdapterRole:
        return entry->kind == jobs::kAdapterKind;
    case StateRole:
        return static_cast<int>(entry->state);
    case FitRole:
        return static_cast<int>(worse(m_manager.chatVerdict(*entry).fit, m_manager.trainVerdict(*entry).fit));
    case SortRole:
        return sortKey(*entry, index.column());
    case GroupRole:
        return static_cast<int>(m_sections.at(index.internalId() - 1).group);
    default:
        return {};
    }
}

QVariant ModelTable::groupData(const Section& section, int column, int role) const {
    if (role == GroupRole || role == SortRole) return static_cast<int>(section.group);
    if (role == NameRole) return QString();
    if (role == Qt::DisplayRole && column == Name)
        return tr("%1 (%2)").arg(groupTitle(section.group)).arg(section.entries.size());
    return {};
}

QString ModelTable::text(const ModelEntry& entry, int column) const {
    switch (column) {
    case Name:
        return toQt(entry.name);
    case Size:
        return managers::bytesText(entry.sizeBytes);
    case State: {
        const QString download = downloadText(entry);
        return download.isEmpty() ? managers::stateWord(entry.state) : download;
    }
    case Fits:
        return managers::fitWord(m_manager.chatVerdict(entry), m_manager.trainVerdict(entry));
    default:
        return {};
    }
}

QString ModelTable::toolTip(const ModelEntry& entry, int column) const {
    if (column == State) return managers::stateSentence(entry);
    if (column == Fits && entry.kind != jobs::kAdapterKind)
        return tr("To chat %1\nTo train %2")
            .arg(managers::verdictText(m_manager.chatVerdict(entry)),
                 managers::verdictText(m_manager.trainVerdict(entry)));
    return toQt(entry.name);
}

QVariant ModelTable::sortKey(const ModelEntry& entry, int column) const {
    switch (column) {
    case Size:
        return static_cast<qulonglong>(entry.sizeBytes);
    case State:
        return static_cast<int>(entry.state);
    case Fits:
        return static_cast<qulonglong>(entry.memoryToTrainBytes);
    default:
        return toQt(entry.name);
    }
}

QVariant ModelTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole && section == Size) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Fits)
        return tr("What this machine's memory is enough for. Sorted by the memory that training needs.");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Name:
        return tr("Name");
    case Size:
        return tr("Size");
    case State:
        return tr("State");
    case Fits:
        return tr("Fits");
    default:
        return {};
    }
}

Qt::ItemFlags ModelTable::flags(const QModelIndex& index) const {
    if (!index.isValid()) return {};
    if (index.internalId() == kGroupId) return Qt::ItemIsEnabled;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
}

ModelFilter::ModelFilter(QObject* parent)
    : QSortFilterProxyModel(parent) {
    setRecursiveFilteringEnabled(true);
    setSortRole(ModelTable::SortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void ModelFilter::setSearch(const QString& text) {
    m_words = text.split(u' ', Qt::SkipEmptyParts);
    invalidateFilter();
}

void ModelFilter::setShow(Show show) {
    m_show = show;
    invalidateFilter();
}

bool ModelFilter::isShown(const QModelIndex& entry) const {
    const auto state = static_cast<jobs::ModelState>(entry.data(ModelTable::StateRole).toInt());
    switch (m_show) {
    case Show::All:
        return true;
    case Show::Ready:
        return state == jobs::ModelState::Verified;
    case Show::Trainable:
        return !entry.data(ModelTable::IsAdapterRole).toBool() &&
               entry.data(ModelTable::FitRole).toInt() == static_cast<int>(Fit::Fits);
    case Show::Absent:
        break;
    }
    return state == jobs::ModelState::Absent;
}

bool ModelFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    if (!parent.isValid()) return false; // a group is there for its entries
    const QModelIndex entry = sourceModel()->index(row, 0, parent);
    if (!isShown(entry)) return false;
    const QString name = entry.data(ModelTable::NameRole).toString();
    return std::all_of(m_words.begin(), m_words.end(),
                       [&](const QString& word) { return name.contains(word, Qt::CaseInsensitive); });
}

bool ModelFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    if (left.parent().isValid()) return QSortFilterProxyModel::lessThan(left, right);
    const bool isLess = left.data(ModelTable::GroupRole).toInt() < right.data(ModelTable::GroupRole).toInt();
    return sortOrder() == Qt::AscendingOrder ? isLess : !isLess;
}

} // namespace llamahome::items
