// MessageCard: one message with what can be done with it. GUI thread.
#pragma once

#include <cstddef>
#include <optional>

#include <QFrame>
#include <QString>

#include "managers/chat_manager.h"
#include "widgets/icons.h"

class QLabel;
class QToolButton;
class QUrl;

namespace llamahome::widgets {

class ChatInput;
class MessageBody;

/// The card itself can have the focus; its buttons are reached from it by Tab.
class MessageCard final : public QFrame {
    Q_OBJECT

public:
    explicit MessageCard(const jobs::ConversationMessage& message, QWidget* parent = nullptr);

    bool isUser() const { return m_isUser; }
    /// Of a message outside of a conversation: another name than "You" or "Answer", which screen readers get
    /// in full, and no editing.
    void setSpeaker(const QString& name, const QString& fullName);
    void showMessage(const jobs::ConversationMessage& message);
    /// More of an answer that is on its way; how it ended is told by showMessage().
    void append(const QString& piece);
    QString text() const;
    /// What stands beside the name until the next showMessage().
    void setNote(const QString& text);

    /// What is offered: editing on the user's messages, an answer anew on the last one.
    void setActions(bool canEdit, bool canRegenerate);
    /// Whether the answer may become a training example; not one that is on its way.
    void setCanTeach(bool on);
    /// How many messages sending an edited one again replaces; the editor says so.
    void setFollowing(std::size_t messages);
    /// Whether Tab stops here.
    void setTabStop(bool on);

    /// What is in the editor; nothing while it is closed.
    std::optional<QString> editedText() const;
    void endEdit();

Q_SIGNALS:
    /// The editor stays open until endEdit().
    void resendRequested(const QString& text);
    void regenerateRequested();
    void exampleRequested();
    void linkActivated(const QUrl& target);

protected:
    void paintEvent(QPaintEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    QToolButton* addButton(const char* name, const QString& text, Icon icon);
    void nameCard();
    void beginEdit();
    void copy();

    bool m_isUser;
    bool m_canEdit = true;
    QString m_spokenName;
    QLabel* m_who;
    QLabel* m_note;
    MessageBody* m_body;
    QWidget* m_editor;
    ChatInput* m_edit;
    QLabel* m_following;
    QToolButton* m_copyButton;
    QToolButton* m_editButton;
    QToolButton* m_regenerateButton;
    QToolButton* m_exampleButton;
};

} // namespace llamahome::widgets
