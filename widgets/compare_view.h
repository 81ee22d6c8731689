// CompareView: two sides that answer the same messages, one beside the other. GUI thread.
#pragma once

#include <array>
#include <vector>

#include <QWidget>

#include "managers/comparison.h"
#include "managers/model_manager.h"
#include "widgets/icons.h"

class QLabel;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace llamahome::widgets {

class AdapterChoice;
class MessageCard;
class MessageWalk;

/// Follows the end while it is in sight. Up and Down go from message to message.
class CompareView final : public QWidget {
    Q_OBJECT

public:
    /// Both outlive it.
    CompareView(managers::Comparison& comparison, managers::ChatManager& chat, managers::ModelManager& models,
                QWidget* parent = nullptr);

    /// Of every round its message and both answers.
    const std::vector<MessageCard*>& cards() const { return m_cards; }

Q_SIGNALS:
    /// The answers are wanted as a file.
    void reportRequested();

private:
    QWidget* makeHead(managers::ChatManager& chat, managers::ModelManager& models);
    QWidget* makePage();
    QToolButton* makeHeadButton(Icon shown, const QString& objectName, const QString& spoken, QWidget* head);
    void showSides();
    void showButtons();
    void addRound();
    MessageCard* addCard(const jobs::ConversationMessage& message, QWidget* round);
    void dropRound();
    MessageCard& answerCard(std::size_t side) const;
    void showAnswer(std::size_t side);
    /// What the cards say that wait for their turn.
    void showWaiting();

    managers::Comparison& m_comparison;
    managers::ChatManager& m_chat;
    std::array<AdapterChoice*, managers::kComparedSides> m_sides{};
    QToolButton* m_copy = nullptr;
    QToolButton* m_save = nullptr;
    QLabel* m_hint = nullptr; ///< while there is no round
    QScrollArea* m_area;
    QVBoxLayout* m_rounds;
    std::vector<MessageCard*> m_cards;
    MessageWalk* m_walk;
    bool m_followsEnd = true;
};

} // namespace llamahome::widgets
