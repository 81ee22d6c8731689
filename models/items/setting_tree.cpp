#include "items/setting_tree.h"

#include <algorithm>

#include "managers/quantity_words.h"
#include "managers/text.h"

namespace llamahome::items {
namespace {

using config::Origin;
using config::SettingDescriptor;
using managers::toQt;

constexpr quintptr kSectionId = 0; ///< the id of a section's row; of a setting: its section's row + 1

std::string sectionOf(const std::string& key) {
    return key.substr(0, key.rfind('.'));
}

QString sectionTitle(const std::string& path) {
    const QString key = toQt(path);
    const std::vector<std::pair<QString, QString>> titles{
        {QStringLiteral("training"), SettingTree::tr("Training")},
        {QStringLiteral("training.lora"), SettingTree::tr("Training: LoRA")},
        {QStringLiteral("training.early_stopping"), SettingTree::tr("Training: early stopping")},
        {QStringLiteral("training.evaluation"), SettingTree::tr("Training: evaluation")},
        {QStringLiteral("training.checkpoint"), SettingTree::tr("Training: checkpoints")},
        {QStringLiteral("data"), SettingTree::tr("Data")},
        {QStringLiteral("model"), SettingTree::tr("Models and this machine")},
        {QStringLiteral("model.hub"), SettingTree::tr("Hub")},
        {QStringLiteral("model.chat"), SettingTree::tr("Chat")},
        {QStringLiteral("model.generation"), SettingTree::tr("Answers")},
        {QStringLiteral("model.memory"), SettingTree::tr("Memory")},
        {QStringLiteral("model.cache"), SettingTree::tr("Cache")},
        {QStringLiteral("logging"), SettingTree::tr("Log")},
        {QStringLiteral("logging.levels"), SettingTree::tr("Log: levels")},
        {QStringLiteral("logging.rotation"), SettingTree::tr("Log: files")},
    };
    const auto found =
        std::find_if(titles.begin(), titles.end(), [&](const auto& title) { return title.first == key; });
    return found == titles.end() ? key : found->second;
}

QString searchText(const SettingDescriptor& setting) {
    QString text = toQt(setting.key + ' ' + setting.label + ' ' + setting.help);
    for (const std::string& name : setting.otherNames)
        text += u' ' + toQt(name);
    return text;
}

bool hasAllWords(const QString& text, const QString& words) {
    const QStringList all = words.split(u' ', Qt::SkipEmptyParts);
    return std::all_of(all.begin(), all.end(),
                       [&](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

} // namespace

bool isFoundBy(const SettingDescriptor& setting, const QString& words) {
    return hasAllWords(searchText(setting), words);
}

SettingTree::SettingTree(const managers::SettingsManager& manager, QObject* parent)
    : QAbstractItemModel(parent)
    , m_manager(manager) {
    for (const SettingDescriptor& setting : config::allSettings()) {
        const std::string path = sectionOf(setting.key);
        const auto section = std::find_if(m_sections.begin(), m_sections.end(),
                                          [&](const Section& one) { return one.path == path; });
        if (section == m_sections.end())
            m_sections.push_back({path, {&setting}});
        else
            section->settings.push_back(&setting);
    }
    connect(&m_manager, &managers::SettingsManager::settingsChanged, this, &SettingTree::tellChanges);
}

void SettingTree::tellChanges() {
    for (int row = 0; row < rowCount(); ++row) {
        const QModelIndex section = index(row, Label);
        Q_EMIT dataChanged(index(0, Label, section), index(rowCount(section) - 1, Place, section));
    }
}

const SettingDescriptor* SettingTree::settingAt(const QModelIndex& index) const {
    if (!index.isValid() || index.internalId() == kSectionId) return nullptr;
    return m_sections.at(index.internalId() - 1).settings.at(static_cast<std::size_t>(index.row()));
}

QModelIndex SettingTree::indexOf(const QString& key) const {
    const std::string wanted = managers::fromQt(key);
    for (std::size_t row = 0; row < m_sections.size(); ++row) {
        const auto& settings = m_sections[row].settings;
        const auto found = std::find_if(settings.begin(), settings.end(),
                                        [&](const SettingDescriptor* one) { return one->key == wanted; });
        if (found != settings.end())
            return createIndex(static_cast<int>(found - settings.begin()), Label, quintptr(row) + 1);
    }
    return {};
}

QModelIndex SettingTree::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : kSectionId);
}

QModelIndex SettingTree::parent(const QModelIndex& child) const {
    if (!child.isValid() || child.internalId() == kSectionId) return {};
    return createIndex(static_cast<int>(child.internalId()) - 1, Label, kSectionId);
}

int SettingTree::rowCount(const QModelIndex& parent) const {
    if (!parent.isValid()) return static_cast<int>(m_sections.size());
    if (parent.internalId() != kSectionId || parent.column() != Label) return 0;
    return static_cast<int>(m_sections.at(static_cast<std::size_t>(parent.row())).settings.size());
}

int SettingTree::columnCount(const QModelIndex&) const {
    return ColumnCount;
}

QVariant SettingTree::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    if (const SettingDescriptor* setting = settingAt(index))
        return settingData(*setting, index.column(), role);
    const Section& section = m_sections.at(static_cast<std::size_t>(index.row()));
    if (role == KeyRole) return toQt(section.path);
    if (role == Qt::DisplayRole && index.column() == Label) return sectionTitle(section.path);
    return {};
}

QVariant SettingTree::settingData(const SettingDescriptor& setting, int column, int role) const {
    const config::ResolvedSettings& resolved = m_manager.resolved();
    switch (role) {
    case KeyRole:
        return toQt(setting.key);
    case TextRole:
        return m_manager.optionText(setting);
    case IsChosenRole:
        return !resolved.origins.at(setting.key).isDefault;
    case SearchRole:
        return searchText(setting);
    case Qt::ToolTipRole:
        return column == Place ? toQt(resolved.origins.at(setting.key).text())
                               : toQt(setting.help + '\n' + setting.effect);
    case Qt::DisplayRole:
        break;
    default:
        return {};
    }
    if (column == Label) return toQt(setting.label);
    if (column == Place) return place(setting);
    const QString value = setting.kind == config::SettingKind::Number
                              ? managers::typedSetting(setting, resolved.values)
                              : toQt(config::settingText(setting, resolved.values)).simplified();
    if (value.isEmpty()) return tr("empty");
    if (setting.kind == config::SettingKind::Bool)
        return value == QStringLiteral("true") ? tr("on") : tr("off");
    const bool hasUnit = !setting.unit.empty() && value != QStringLiteral("auto");
    return hasUnit ? value + u' ' + toQt(setting.unit) : value;
}

QString SettingTree::place(const SettingDescriptor& setting) const {
    const Origin& origin = m_manager.resolved().origins.at(setting.key);
    switch (origin.kind) {
    case Origin::Kind::BuiltIn:
        return tr("default");
    case Origin::Kind::Variable:
    case Origin::Kind::Option:
        return toQt(origin.name);
    case Origin::Kind::File:
        break;
    }
    if (origin.isDefault) return tr("default");
    const QString name = toQt(origin.name).section(u'/', -1);
    return origin.line > 0 ? tr("%1, line %2").arg(name).arg(origin.line) : name;
}

QVariant SettingTree::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Label:
        return tr("Setting");
    case Value:
        return tr("Value");
    case Place:
        return tr("Comes from");
    default:
        return {};
    }
}

Qt::ItemFlags SettingTree::flags(const QModelIndex& index) const {
    if (!index.isValid()) return {};
    if (index.internalId() == kSectionId) return Qt::ItemIsEnabled;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
}

SettingFilter::SettingFilter(QObject* parent)
    : QSortFilterProxyModel(parent) {
    setRecursiveFilteringEnabled(true);
}

void SettingFilter::setSearch(const QString& text) {
    m_words = text;
    invalidateFilter();
}

void SettingFilter::setChosenOnly(bool chosenOnly) {
    m_chosenOnly = chosenOnly;
    invalidateFilter();
}

void SettingFilter::setSection(const QString& path) {
    m_section = path;
    invalidateFilter();
}

bool SettingFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    if (!parent.isValid()) return false; // a section is there for its settings
    const QModelIndex index = sourceModel()->index(row, SettingTree::Label, parent);
    if (m_chosenOnly && !index.data(SettingTree::IsChosenRole).toBool()) return false;
    const QString key = index.data(SettingTree::KeyRole).toString();
    if (!m_section.isEmpty() && !key.startsWith(m_section + u'.')) return false;
    return hasAllWords(index.data(SettingTree::SearchRole).toString(), m_words);
}

} // namespace llamahome::items
