#include "widgets/message_view.h"

#include <algorithm>
#include <utility>

#include <QAccessible>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QTimer>
#include <QUrl>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/link_question.h"
#include "widgets/look.h"
#include "widgets/message_card.h"
#include "widgets/message_walk.h"

namespace llamahome::widgets {

using managers::ChatManager;

MessageView::MessageView(ChatManager& chat, QWidget* parent)
    : QScrollArea(parent)
    , m_chat(chat)
    , m_page(new QWidget)
    , m_layout(new QVBoxLayout)
    , m_earlier(new QPushButton(m_page))
    , m_waiting(look::makeNote({}, m_page))
    , m_walk(new MessageWalk(m_cards, *this)) {
    setObjectName(QStringLiteral("messageView"));
    setAccessibleName(tr("Messages"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    m_page->setMaximumWidth(kMostWidth);
    m_earlier->setObjectName(QStringLiteral("earlierButton"));
    m_waiting->setObjectName(QStringLiteral("waitingNote"));
    m_waiting->setContentsMargins(2 * look::kGrid, 0, 0, look::kGrid);
    auto* column = new QVBoxLayout(m_page);
    column->setContentsMargins(0, look::kGrid, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_earlier, 0, Qt::AlignHCenter);
    m_layout->setSpacing(look::kGrid);
    column->addLayout(m_layout);
    column->addWidget(m_waiting);
    column->addStretch(1);
    auto* centred = new QWidget;
    auto* row = new QHBoxLayout(centred);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch(1);
    row->addWidget(m_page, 100);
    row->addStretch(1);
    setWidget(centred);

    connect(m_earlier, &QPushButton::clicked, this, &MessageView::showEarlier);
    connect(&m_chat, &ChatManager::conversationOpened, this, &MessageView::showAll);
    connect(&m_chat, &ChatManager::messagesChanged, this, &MessageView::showFrom);
    connect(&m_chat, &ChatManager::answerGrew, this, &MessageView::answerGrew);
    connect(&m_chat, &ChatManager::stateChanged, this, &MessageView::stateChanged);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this,
            [this](int value) { m_followsEnd = value >= verticalScrollBar()->maximum() - look::kGrid; });
    connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int maximum) {
        if (m_followsEnd)
            verticalScrollBar()->setValue(maximum);
        else if (m_fromEnd)
            verticalScrollBar()->setValue(maximum - *m_fromEnd);
    });
    showAll();
}

void MessageView::showAll() {
    dropCardsFrom(0);
    m_answer = nullptr;
    m_followsEnd = true;
    const auto count = static_cast<int>(m_chat.current().messages.size());
    m_firstDrawn = std::max(0, count - kDrawnAtFirst);
    showFrom(m_firstDrawn);
}

void MessageView::showFrom(int first) {
    const auto& messages = m_chat.current().messages;
    first = std::max(first, m_firstDrawn);
    auto at = static_cast<std::size_t>(first - m_firstDrawn);
    const bool isAnswerEnding = m_answer != nullptr && !m_chat.isAnsweringHere() &&
                                at + 1 == m_cards.size() && first + 1 == static_cast<int>(messages.size());
    if (isAnswerEnding) { // the card that grew stays, with selection and all
        m_answer->showMessage(messages.back());
        m_answer = nullptr;
        QAccessibleEvent told(m_cards.back(), QAccessible::Alert);
        QAccessible::updateAccessibility(&told);
    } else {
        m_answer = nullptr;
        dropCardsFrom(at);
        for (; first < static_cast<int>(messages.size()); ++first)
            addCard(messages[static_cast<std::size_t>(first)], first);
        if (m_chat.isAnsweringHere() && !m_chat.partialAnswer().isEmpty()) answerGrew(m_chat.partialAnswer());
    }
    showEarlierButton();
    if (m_chat.isAnsweringHere()) m_followsEnd = true;
    stateChanged();
}

void MessageView::showEarlier() {
    const int end = m_firstDrawn;
    m_firstDrawn = std::max(0, end - kDrawnAtFirst);
    m_followsEnd = false;
    m_fromEnd = verticalScrollBar()->maximum() - verticalScrollBar()->value();
    QTimer::singleShot(0, this, [this] { m_fromEnd.reset(); }); // after the layout
    const std::vector<MessageCard*> later = std::exchange(m_cards, {});
    for (int i = m_firstDrawn; i < end; ++i)
        addCard(m_chat.current().messages[static_cast<std::size_t>(i)], i);
    m_cards.insert(m_cards.end(), later.begin(), later.end());
    showEarlierButton();
    updateActions();
}

void MessageView::showEarlierButton() {
    m_earlier->setVisible(m_firstDrawn > 0);
    m_earlier->setText(m_firstDrawn == 1 ? tr("Show 1 earlier message")
                                         : tr("Show %1 earlier messages").arg(m_firstDrawn));
}

MessageCard* MessageView::cardOf(int index) const {
    const auto at = static_cast<std::size_t>(index - m_firstDrawn);
    return index >= m_firstDrawn && at < m_cards.size() ? m_cards[at] : nullptr;
}

std::optional<QString> MessageView::editedText(int index) const {
    const MessageCard* card = cardOf(index);
    return card == nullptr ? std::nullopt : card->editedText();
}

void MessageView::endEdit(int index) {
    if (MessageCard* card = cardOf(index)) card->endEdit();
}

void MessageView::addCard(const jobs::ConversationMessage& message, int index) {
    auto* card = new MessageCard(message, m_page);
    connect(card, &MessageCard::regenerateRequested, this, &MessageView::regenerateRequested);
    connect(card, &MessageCard::exampleRequested, this, [this, index] { Q_EMIT exampleRequested(index); });
    connect(card, &MessageCard::resendRequested, this,
            [this, index](const QString& text) { Q_EMIT resendRequested(index, text); });
    connect(card, &MessageCard::linkActivated, this,
            [this](const QUrl& target) { askToOpenLink(target, this); });
    m_walk->watch(*card);
    m_layout->insertWidget(static_cast<int>(m_cards.size()), card);
    card->show();
    m_cards.push_back(card);
}

void MessageView::dropCardsFrom(std::size_t at) {
    while (m_cards.size() > at) {
        m_cards.back()->hide();
        m_layout->removeWidget(m_cards.back());
        m_cards.back()->deleteLater(); // one of its own buttons may have led here
        m_cards.pop_back();
    }
}

void MessageView::answerGrew(const QString& piece) {
    if (m_answer == nullptr) {
        addCard({"assistant", {}, {}, 0, 0.0}, static_cast<int>(m_chat.current().messages.size()));
        m_answer = m_cards.back();
        m_answer->append(piece);
        return stateChanged();
    }
    m_answer->append(piece);
}

void MessageView::stateChanged() {
    QString text;
    if (m_chat.isAnsweringHere()) {
        switch (m_chat.state()) {
        case ChatManager::State::Loading:
            text = m_chat.isWantedModelLoaded() ? tr("Reading the conversation…") : tr("Loading the model…");
            break;
        case ChatManager::State::Stopping:
            text = tr("Stopping…");
            break;
        case ChatManager::State::Answering:
            if (m_answer == nullptr) text = tr("Reading the conversation…"); // the card says the rest
            break;
        case ChatManager::State::Idle:
            break;
        }
    } else if (m_chat.isBusy()) {
        text = tr("Another conversation is being answered.");
    }
    m_waiting->setText(text);
    m_waiting->setVisible(!text.isEmpty());
    updateActions();
}

void MessageView::updateActions() {
    const bool isFree = !m_chat.isBusy();
    std::size_t following = m_cards.size();
    for (MessageCard* card : m_cards) {
        const bool isLast = --following == 0;
        card->setActions(isFree, isFree && isLast && card != m_answer);
        card->setCanTeach(card != m_answer && !card->text().isEmpty());
        card->setFollowing(following);
    }
    m_walk->refresh();
}

} // namespace llamahome::widgets
