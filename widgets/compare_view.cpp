#include "widgets/compare_view.h"

#include <algorithm>

#include <QAccessible>
#include <QGridLayout>
#include <QLabel>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/adapter_choice.h"
#include "widgets/copy_text.h"
#include "widgets/elided_label.h"
#include "widgets/icons.h"
#include "widgets/link_question.h"
#include "widgets/look.h"
#include "widgets/message_card.h"
#include "widgets/message_walk.h"

namespace llamahome::widgets {

using managers::ChatManager;
using managers::Comparison;
using managers::kComparedSides;
using managers::toQt;

namespace {

constexpr std::size_t kCardsOfRound = 1 + kComparedSides;

} // namespace

CompareView::CompareView(Comparison& comparison, ChatManager& chat, managers::ModelManager& models,
                         QWidget* parent)
    : QWidget(parent)
    , m_comparison(comparison)
    , m_chat(chat)
    , m_area(new QScrollArea(this))
    , m_rounds(new QVBoxLayout)
    , m_walk(new MessageWalk(m_cards, *m_area)) {
    setObjectName(QStringLiteral("compareView"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeHead(chat, models));
    layout->addWidget(m_area, 1);
    m_area->setAccessibleName(tr("Compared answers"));
    m_area->setFrameShape(QFrame::NoFrame);
    m_area->setWidgetResizable(true);
    m_area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_area->setFocusPolicy(Qt::NoFocus);
    m_area->setWidget(makePage());
    QScrollBar* bar = m_area->verticalScrollBar();
    connect(bar, &QScrollBar::valueChanged, this,
            [this, bar](int value) { m_followsEnd = value >= bar->maximum() - look::kGrid; });
    connect(bar, &QScrollBar::rangeChanged, this, [this, bar](int, int maximum) {
        if (m_followsEnd) bar->setValue(maximum);
    });
    connect(&m_comparison, &Comparison::sidesChanged, this, &CompareView::showSides);
    connect(&models, &managers::ModelManager::modelsChanged, this, &CompareView::showSides);
    connect(&m_comparison, &Comparison::roundBegan, this, &CompareView::addRound);
    connect(&m_comparison, &Comparison::roundDropped, this, &CompareView::dropRound);
    connect(&m_comparison, &Comparison::answerGrew, this,
            [this](std::size_t side, const QString& piece) { answerCard(side).append(piece); });
    connect(&m_comparison, &Comparison::answered, this, &CompareView::showAnswer);
    connect(&m_chat, &ChatManager::stateChanged, this, &CompareView::showWaiting);
    showSides();
}

QWidget* CompareView::makeHead(ChatManager& chat, managers::ModelManager& models) {
    auto* head = new QWidget(this);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(2 * look::kGrid);
    const std::array words{AdapterChoice::Words{tr("&A"), tr("Adapter of the left side"),
                                                QStringLiteral("leftAdapter"), QStringLiteral("leftScale")},
                           AdapterChoice::Words{tr("&B"), tr("Adapter of the right side"),
                                                QStringLiteral("rightAdapter"),
                                                QStringLiteral("rightScale")}};
    for (std::size_t side = 0; side < kComparedSides; ++side) {
        auto* choice = new AdapterChoice(words.at(side), chat, models, head);
        connect(choice, &AdapterChoice::adapterChosen, this,
                [this, side](const QString& name) { m_comparison.setAdapter(side, name); });
        connect(choice, &AdapterChoice::scaleChosen, this,
                [this, side](double scale) { m_comparison.setScale(side, scale); });
        m_sides.at(side) = choice;
        row->addWidget(choice, 1);
    }
    m_copy = makeHeadButton(Icon::Copy, QStringLiteral("copyComparison"), tr("Copy the comparison"), head);
    m_copy->setToolTip(tr("Copy all messages with both answers"));
    connect(m_copy, &QToolButton::clicked, this, [this] { copyFrom(*m_copy, m_comparison.text()); });
    m_save = makeHeadButton(Icon::Folder, QStringLiteral("saveComparison"),
                            tr("Save the comparison as a report"), head);
    m_save->setToolTip(tr("Save one HTML file with all messages, both answers and the adapter's run"));
    connect(m_save, &QToolButton::clicked, this, &CompareView::reportRequested);
    row->addWidget(m_copy);
    row->addWidget(m_save);
    return head;
}

QToolButton* CompareView::makeHeadButton(Icon shown, const QString& objectName, const QString& spoken,
                                         QWidget* head) {
    auto* button = new QToolButton(head);
    button->setObjectName(objectName);
    button->setIcon(icon(shown));
    button->setAccessibleName(spoken);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setEnabled(false);
    return button;
}

void CompareView::showButtons() {
    m_copy->setEnabled(!m_cards.empty());
    const auto& rounds = m_comparison.rounds();
    const bool isWhole =
        !rounds.empty() && std::all_of(rounds.back().answers.begin(), rounds.back().answers.end(),
                                       [](const auto& one) { return !one.finish.empty(); });
    m_save->setEnabled(isWhole);
}

QWidget* CompareView::makePage() {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    m_hint = look::makeNote(tr("What you write below is answered twice: by A, then by B."), page);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setWordWrap(true);
    column->addWidget(m_hint, 1);
    m_rounds->setSpacing(2 * look::kGrid);
    column->addLayout(m_rounds);
    column->addStretch(1);
    return page;
}

void CompareView::showSides() {
    for (std::size_t side = 0; side < kComparedSides; ++side)
        m_sides.at(side)->show(m_comparison.sides().at(side).adapter, m_comparison.sides().at(side).scale);
}

void CompareView::addRound() {
    const managers::ComparedRound& shown = m_comparison.rounds().back();
    auto* round = new QWidget(m_area->widget());
    auto* grid = new QGridLayout(round);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(look::kGrid);
    MessageCard* prompt = addCard({"user", shown.prompt, {}, 0, 0.0}, round);
    prompt->setSpeaker(tr("To both"), tr("To both"));
    grid->addWidget(prompt, 0, 0, 1, static_cast<int>(kComparedSides));
    for (std::size_t side = 0; side < kComparedSides; ++side) {
        const auto column = static_cast<int>(side);
        const QString letter = managers::sideLetter(side);
        const QString words = managers::sideWords(shown.sides.at(side));
        auto* caption = new ElidedLabel(round);
        caption->setFont(look::smallFont());
        caption->setContentsMargins(2 * look::kGrid, 0, 0, 0);
        caption->showText(tr("%1 · %2").arg(letter, words));
        grid->addWidget(caption, 1, column);
        MessageCard* answer = addCard(shown.answers.at(side), round);
        answer->setSpeaker(letter, tr("%1, %2").arg(letter, words));
        grid->addWidget(answer, 2, column, Qt::AlignTop);
        grid->setColumnStretch(column, 1);
        grid->setColumnMinimumWidth(column, 1);
    }
    m_followsEnd = true;
    m_rounds->addWidget(round);
    showButtons();
    m_hint->hide();
    m_walk->refresh();
    showWaiting();
}

MessageCard* CompareView::addCard(const jobs::ConversationMessage& message, QWidget* round) {
    auto* card = new MessageCard(message, round);
    connect(card, &MessageCard::linkActivated, this,
            [this](const QUrl& target) { askToOpenLink(target, this); });
    m_walk->watch(*card);
    m_cards.push_back(card);
    return card;
}

void CompareView::dropRound() {
    QWidget* round = m_cards.back()->parentWidget();
    m_cards.resize(m_cards.size() - kCardsOfRound);
    m_rounds->removeWidget(round);
    round->hide();
    round->deleteLater();
    showButtons();
    m_hint->setVisible(m_cards.empty());
    m_walk->refresh();
}

MessageCard& CompareView::answerCard(std::size_t side) const {
    return *m_cards.at(m_cards.size() - kComparedSides + side);
}

void CompareView::showAnswer(std::size_t side) {
    answerCard(side).showMessage(m_comparison.rounds().back().answers.at(side));
    QAccessibleEvent told(&answerCard(side), QAccessible::Alert);
    QAccessible::updateAccessibility(&told);
    showButtons();
    showWaiting();
}

void CompareView::showWaiting() {
    const auto at = m_comparison.answering();
    if (!at) return;
    for (std::size_t side = *at; side < kComparedSides; ++side) {
        const jobs::ConversationMessage& answer = m_comparison.rounds().back().answers.at(side);
        if (!answer.content.empty() || !answer.finish.empty()) continue;
        const bool isLoading = m_chat.state() == ChatManager::State::Loading && !m_chat.isWantedModelLoaded();
        answerCard(side).setNote(side != *at ? tr("waiting for the other side")
                                 : isLoading ? tr("loading the model…")
                                             : tr("reading the message…"));
    }
}

} // namespace llamahome::widgets
