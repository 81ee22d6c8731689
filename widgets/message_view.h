// MessageView: the messages of the shown conversation, and the answer as it comes. GUI thread.
#pragma once

#include <optional>
#include <vector>

#include <QScrollArea>

#include "managers/chat_manager.h"

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace llamahome::widgets {

class MessageCard;
class MessageWalk;

/// Follows the end while it is in sight. Of a long conversation the last kDrawnAtFirst messages are drawn
/// until the earlier ones are asked for. Up and Down go from message to message.
class MessageView final : public QScrollArea {
    Q_OBJECT

public:
    static constexpr int kDrawnAtFirst = 30;
    static constexpr int kMostWidth = 840; ///< of a line of text: longer ones are hard to read

    /// Follows `chat`, which outlives it.
    explicit MessageView(managers::ChatManager& chat, QWidget* parent = nullptr);

    /// Cards that are drawn, the answer on its way included.
    const std::vector<MessageCard*>& cards() const { return m_cards; }
    /// What is in the editor of that message; nothing while it is closed.
    std::optional<QString> editedText(int index) const;
    void endEdit(int index);

Q_SIGNALS:
    void regenerateRequested();
    /// That answer of the shown conversation shall become a training example.
    void exampleRequested(int index);
    /// The message's editor stays open until endEdit().
    void resendRequested(int index, const QString& text);

private:
    void showAll();
    void showFrom(int first);
    void showEarlier();
    void showEarlierButton();
    MessageCard* cardOf(int index) const;
    void addCard(const jobs::ConversationMessage& message, int index);
    void dropCardsFrom(std::size_t at);
    void answerGrew(const QString& piece);
    void stateChanged();
    void updateActions();

    managers::ChatManager& m_chat;
    QWidget* m_page;
    QVBoxLayout* m_layout;
    QPushButton* m_earlier;
    QLabel* m_waiting;
    MessageWalk* m_walk;
    std::vector<MessageCard*> m_cards;
    MessageCard* m_answer = nullptr; ///< of the answer on its way
    int m_firstDrawn = 0;            ///< index of the first card's message
    bool m_followsEnd = true;
    std::optional<int> m_fromEnd; ///< place to keep while earlier messages come in above
};

} // namespace llamahome::widgets
