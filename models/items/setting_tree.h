// SettingTree: every setting in its section, with value and place of origin; SettingFilter searches. GUI
// thread.
#pragma once

#include <string>
#include <vector>

#include <QAbstractItemModel>
#include <QSortFilterProxyModel>

#include "managers/settings_manager.h"

namespace llamahome::items {

/// Whether key, label, help and names in other programs have every word of a search.
bool isFoundBy(const config::SettingDescriptor& setting, const QString& words);

/// Two levels: sections ("Training", "LoRA", …) in the order of config::allSettings(), and their settings.
class SettingTree final : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Column { Label, Value, Place, ColumnCount };
    enum Role {
        KeyRole = Qt::UserRole, ///< QString: "training.lora.r"; of a section its path: "training.lora"
        TextRole,               ///< QString: the value as SettingEditor and `--set` take it
        IsChosenRole,           ///< bool: somebody chose the value; it is no default
        SearchRole,             ///< QString: key, label, help and names in other programs
    };

    /// Follows `manager`, which outlives it.
    explicit SettingTree(const managers::SettingsManager& manager, QObject* parent = nullptr);

    /// The description behind a row; null for a section.
    const config::SettingDescriptor* settingAt(const QModelIndex& index) const;
    QModelIndex indexOf(const QString& key) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    struct Section {
        std::string path;
        std::vector<const config::SettingDescriptor*> settings;
    };

    void tellChanges();
    QVariant settingData(const config::SettingDescriptor& setting, int column, int role) const;
    QString place(const config::SettingDescriptor& setting) const;

    const managers::SettingsManager& m_manager;
    std::vector<Section> m_sections;
};

/// Keeps settings whose SearchRole has every word of the search, and, when asked to, only chosen ones.
class SettingFilter final : public QSortFilterProxyModel {
    Q_OBJECT

public:
    explicit SettingFilter(QObject* parent = nullptr);
    void setSearch(const QString& text);
    void setChosenOnly(bool chosenOnly);
    /// Keeps only settings of sections whose path is `path` or lies below; empty: all.
    void setSection(const QString& path);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QString m_words;
    QString m_section;
    bool m_chosenOnly = false;
};

} // namespace llamahome::items
