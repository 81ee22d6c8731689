#include "items/conversation_list.h"

#include <algorithm>

#include "items/when_words.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::items {

using managers::fromQt;
using managers::toQt;

ConversationList::ConversationList(managers::ChatManager& manager, QObject* parent)
    : QAbstractListModel(parent)
    , m_manager(manager)
    , m_rows(manager.conversations()) {
    connect(&m_manager, &managers::ChatManager::conversationsChanged, this, &ConversationList::reload);
}

void ConversationList::reload() {
    const auto& wanted = m_manager.conversations();
    const auto placeOf = [](const auto& rows, const std::string& id) {
        return std::find_if(rows.begin(), rows.end(), [&](const auto& info) { return info.id == id; });
    };
    for (auto row = static_cast<int>(m_rows.size()) - 1; row >= 0; --row) {
        if (placeOf(wanted, m_rows[static_cast<std::size_t>(row)].id) != wanted.end()) continue;
        beginRemoveRows({}, row, row);
        m_rows.erase(m_rows.begin() + row);
        endRemoveRows();
    }
    for (int row = 0; row < static_cast<int>(wanted.size()); ++row) {
        const auto& info = wanted[static_cast<std::size_t>(row)];
        const auto from = static_cast<int>(placeOf(m_rows, info.id) - m_rows.begin());
        if (from == static_cast<int>(m_rows.size())) {
            beginInsertRows({}, row, row);
            m_rows.insert(m_rows.begin() + row, info);
            endInsertRows();
        } else if (from != row) {
            beginMoveRows({}, from, from, {}, row);
            std::rotate(m_rows.begin() + row, m_rows.begin() + from, m_rows.begin() + from + 1);
            endMoveRows();
        }
    }
    m_rows = wanted;
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0), index(static_cast<int>(m_rows.size()) - 1));
}

QModelIndex ConversationList::indexOf(const QString& id) const {
    const auto found = std::find_if(m_rows.begin(), m_rows.end(),
                                    [wanted = fromQt(id)](const auto& info) { return info.id == wanted; });
    return found == m_rows.end() ? QModelIndex() : index(static_cast<int>(found - m_rows.begin()));
}

int ConversationList::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant ConversationList::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const jobs::ConversationInfo& info = m_rows[static_cast<std::size_t>(index.row())];
    const QString title = info.title.empty() ? tr("Untitled") : toQt(info.title);
    const QString model =
        info.adapter.empty() ? toQt(info.model) : tr("%1 with %2").arg(toQt(info.model), toQt(info.adapter));
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return title;
    case Qt::ToolTipRole:
        return info.problem.empty()
                   ? tr("%1\n%2\n%3").arg(title, model, exactWhenWords(timeOf(info.updatedAt)))
                   : managers::windowText(info.problem);
    case Qt::AccessibleTextRole:
        return info.problem.empty() ? tr("%1, %2, %3").arg(title, model, whenWords(timeOf(info.updatedAt)))
                                    : tr("%1, cannot be opened").arg(title);
    case IdRole:
        return toQt(info.id);
    case ModelRole:
        return info.problem.empty() ? model : tr("cannot be opened");
    case WhenRole:
        return whenWords(timeOf(info.updatedAt));
    case ProblemRole:
        return managers::windowText(info.problem);
    default:
        return {};
    }
}

bool ConversationList::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid)) return false;
    if (value.toString() == data(index, Qt::DisplayRole).toString()) return false;
    m_manager.renameConversation(data(index, IdRole).toString(), value.toString());
    return true;
}

Qt::ItemFlags ConversationList::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractListModel::flags(index);
    if (index.isValid() && m_rows[static_cast<std::size_t>(index.row())].problem.empty())
        flags |= Qt::ItemIsEditable;
    return flags;
}

} // namespace llamahome::items
