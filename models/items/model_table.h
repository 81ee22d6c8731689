// ModelTable: models and adapters in three groups, as rows of an item model; ModelFilter sorts and searches
// them. GUI thread.
#pragma once

#include <array>
#include <vector>

#include <QAbstractItemModel>
#include <QSortFilterProxyModel>

#include "managers/download_manager.h"
#include "managers/model_manager.h"

namespace llamahome::items {

/// Two levels: groups (installed, adapters, known) and their entries. A group without entries has no row.
class ModelTable final : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Column { Name, Size, State, Fits, ColumnCount };
    enum class Group { Installed, Adapters, Known };
    enum Role {
        NameRole = Qt::UserRole, ///< QString: jobs::ModelEntry::name; empty for a group
        IsAdapterRole,           ///< bool
        StateRole,               ///< int: jobs::ModelState; of an entry
        FitRole,                 ///< int: the worse managers::Fit of chat and training; of an entry
        SortRole,                ///< what the column is sorted by
        GroupRole,               ///< int: Group
    };

    /// Follows `manager`, which outlives it.
    explicit ModelTable(const managers::ModelManager& manager, QObject* parent = nullptr);

    /// Tells as state of a model that is being downloaded how far it is. `downloads` outlives it.
    void followDownloads(const managers::DownloadManager& downloads);

    /// The row of a model or an adapter of that name; invalid where there is none.
    QModelIndex indexOf(const QString& name) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    struct Section {
        Group group;
        std::vector<jobs::ModelEntry> entries;
    };

    void reload();
    const jobs::ModelEntry* entryAt(const QModelIndex& index) const;
    QVariant groupData(const Section& section, int column, int role) const;
    QString text(const jobs::ModelEntry& entry, int column) const;
    /// "43 %"; empty where it is not being downloaded.
    QString downloadText(const jobs::ModelEntry& entry) const;
    QString toolTip(const jobs::ModelEntry& entry, int column) const;
    QVariant sortKey(const jobs::ModelEntry& entry, int column) const;

    const managers::ModelManager& m_manager;
    const managers::DownloadManager* m_downloads = nullptr; ///< null: none are followed
    std::vector<Section> m_sections;                        ///< without empty ones
};

/// Groups keep their order; entries are sorted by SortRole. A search keeps entries whose name has all of its
/// words, setShow() those of one kind.
class ModelFilter final : public QSortFilterProxyModel {
    Q_OBJECT

public:
    enum class Show {
        All,
        Ready,     ///< can be used
        Trainable, ///< no adapter, and this machine's memory is enough to train it
        Absent,    ///< known, and not here
    };

    explicit ModelFilter(QObject* parent = nullptr);
    void setSearch(const QString& text);
    void setShow(Show show);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    bool isShown(const QModelIndex& entry) const;

    QStringList m_words;
    Show m_show = Show::All;
};

} // namespace llamahome::items
