// ConversationList: the kept conversations as rows, newest first. GUI thread.
#pragma once

#include <vector>

#include <QAbstractListModel>

#include "managers/chat_manager.h"

namespace llamahome::items {

/// Editing a row renames its conversation.
class ConversationList final : public QAbstractListModel {
    Q_OBJECT

public:
    enum Role {
        IdRole = Qt::UserRole, ///< QString
        ModelRole,             ///< QString: the model's name, with its adapter
        WhenRole,              ///< QString: of the last message
        ProblemRole,           ///< QString: why it cannot be opened; empty: it can
    };

    /// Follows `manager`, which outlives it.
    explicit ConversationList(managers::ChatManager& manager, QObject* parent = nullptr);

    /// Invalid where there is none of that id.
    QModelIndex indexOf(const QString& id) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    /// Takes the manager's list over with as few changes of rows as a move to the top needs, so that
    /// selection and scroll place stay.
    void reload();

    managers::ChatManager& m_manager;
    std::vector<jobs::ConversationInfo> m_rows;
};

} // namespace llamahome::items
