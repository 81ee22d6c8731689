// ConversationPanel: the list of conversations with New, rename and delete. GUI thread.
#pragma once

#include <QWidget>

#include "items/conversation_list.h"
#include "managers/chat_manager.h"

class QLabel;
class QListView;

namespace llamahome::widgets {

/// Click or Enter opens, F2 renames, Delete deletes; the context menu has all three.
class ConversationPanel final : public QWidget {
    Q_OBJECT

public:
    explicit ConversationPanel(managers::ChatManager& chat, QWidget* parent = nullptr);

Q_SIGNALS:
    /// A conversation was opened or begun; the next thing is to write.
    void chosen();

private:
    void open(const QModelIndex& index);
    void remove();
    /// Leaves the place to which the keyboard has gone.
    void followList();
    /// Highlights the conversation that is shown, or none.
    void selectShown();
    void showMenu(const QPoint& place);

    managers::ChatManager& m_chat;
    items::ConversationList* m_list;
    QListView* m_view;
    QLabel* m_empty;
};

} // namespace llamahome::widgets
