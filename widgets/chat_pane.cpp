#include "widgets/chat_pane.h"

#include <utility>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "items/job_words.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/chat_bar.h"
#include "widgets/chat_input.h"
#include "widgets/compare_view.h"
#include "widgets/conversation_panel.h"
#include "widgets/example_dialog.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/message_view.h"
#include "widgets/sampling_drawer.h"

namespace llamahome::widgets {
namespace {

using managers::ChatManager;
using managers::toQt;
using managers::TrainingState;

constexpr int kListWidth = 216;
constexpr int kLeastListWidth = 152;
constexpr int kDrawerWidth = 264;
constexpr int kProgressWidth = 160;

bool isAboutModel(const Error& error) {
    return error.code == codes::kModelNotInstalled || error.code == codes::kModelDamaged ||
           error.code == codes::kModelTooLarge || error.code == codes::kVersionUnknown ||
           error.code == codes::kFamilyUnknown || error.code == codes::kAdapterNotFound;
}

QString modelsWord() {
    return ChatPane::tr("Go to Models");
}

QString undoWord() {
    return ChatPane::tr("Undo");
}

QString compareNotice(const managers::Comparison& comparison) {
    if (!comparison.canDiffer())
        return ChatPane::tr("There is no adapter of this model to compare yet; training makes one.");
    if (comparison.sides()[0] == comparison.sides()[1])
        return ChatPane::tr("Both sides are the same: choose another adapter or scale for one of them.");
    return ChatPane::tr("Each message is asked by itself, of both sides with the same seed. A comparison is "
                        "not kept: copy what you need.");
}

} // namespace

ChatPane::ChatPane(ChatManager& chat, managers::ModelManager& models, managers::TrainingManager& training,
                   WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_chat(chat)
    , m_models(models)
    , m_training(training)
    , m_memory(memory)
    , m_comparison(new managers::Comparison(chat, models, this))
    , m_chatBar(new ChatBar(chat, models, this))
    , m_drawer(new SamplingDrawer(chat, this))
    , m_message(new MessageBar(this))
    , m_keepMessage(new MessageBar(this))
    , m_runMessage(new MessageBar(this))
    , m_undoMessage(new MessageBar(this))
    , m_baseMessage(new MessageBar(this))
    , m_stack(new QStackedWidget(this))
    , m_view(new MessageView(chat, this))
    , m_compareView(new CompareView(*m_comparison, chat, models, this))
    , m_panel(new ConversationPanel(chat, this))
    , m_input(new ChatInput(this)) {
    setObjectName(QStringLiteral("chatPane"));
    m_keepMessage->setObjectName(QStringLiteral("keepBar"));
    m_runMessage->setObjectName(QStringLiteral("runBar"));
    m_undoMessage->setObjectName(QStringLiteral("undoBar"));
    m_baseMessage->setObjectName(QStringLiteral("baseBar"));
    m_panel->setMinimumWidth(kLeastListWidth);
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("chatSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * look::kGrid);
    splitter->addWidget(m_panel);
    splitter->addWidget(makeMain());
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({kListWidth, 3 * kListWidth});
    m_memory.keep(*splitter, QStringLiteral("chat/splitter"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    layout->addWidget(splitter);

    const bool hasDrawer = m_memory.value(QStringLiteral("chat/drawer"), false).toBool();
    m_chatBar->drawerButton()->setChecked(hasDrawer);
    m_drawer->setVisible(hasDrawer);
    connect(m_chatBar->drawerButton(), &QToolButton::toggled, this, [this](bool on) {
        m_drawer->setVisible(on);
        m_memory.setValue(QStringLiteral("chat/drawer"), on);
    });
    connect(m_chatBar, &ChatBar::modelChosen, this,
            [this](const QString& name) { m_memory.setValue(QStringLiteral("chat/model"), name); });
    connect(m_panel, &ConversationPanel::chosen, this, [this] { m_input->setFocus(); });
    setFocusProxy(m_input);
    connectChat();
    chooseRemembered();
    showState();
    showFigures();
}

QWidget* ChatPane::makeMain() {
    auto* main = new QWidget(this);
    auto* layout = new QVBoxLayout(main);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    m_stack->addWidget(m_view);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(m_compareView);

    m_input->setObjectName(QStringLiteral("chatInput"));
    m_input->setAccessibleName(tr("Message"));
    m_sendButton = new QPushButton(icon(Icon::Send, QPalette::BrightText), tr("&Send"), main);
    m_sendButton->setObjectName(QStringLiteral("sendButton"));
    m_sendButton->setToolTip(tr("Send (Enter); Shift+Enter begins a new line"));
    look::makePrimary(*m_sendButton);
    m_stopButton = new QPushButton(icon(Icon::Stop), tr("S&top"), main);
    m_stopButton->setObjectName(QStringLiteral("stopButton"));
    m_stopButton->setToolTip(tr("Stop (Esc); what came so far is kept"));
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(m_input, 1);
    row->addWidget(m_sendButton, 0, Qt::AlignBottom);
    row->addWidget(m_stopButton, 0, Qt::AlignBottom);

    auto* talk = new QWidget(main);
    auto* column = new QVBoxLayout(talk);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_stack, 1);
    column->addLayout(row);
    column->addWidget(makeFoot());
    auto* splitter = new QSplitter(main);
    splitter->setObjectName(QStringLiteral("drawerSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * look::kGrid);
    splitter->addWidget(talk);
    splitter->addWidget(m_drawer);
    splitter->setStretchFactor(0, 1);
    splitter->setSizes({3 * kListWidth, kDrawerWidth});
    m_memory.keep(*splitter, QStringLiteral("chat/drawerSplitter"));

    layout->addWidget(m_chatBar);
    layout->addWidget(m_baseMessage);
    layout->addWidget(m_message);
    layout->addWidget(m_keepMessage);
    layout->addWidget(m_runMessage);
    layout->addWidget(m_undoMessage);
    layout->addWidget(splitter, 1);
    return main;
}

QWidget* ChatPane::makeEmpty() {
    auto* empty = new QWidget(m_stack);
    m_emptyTitle = look::makeTitle({}, empty);
    m_emptyTitle->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyNote = look::makeNote({}, empty);
    m_emptyNote->setWordWrap(true);
    m_emptyNote->setAlignment(Qt::AlignHCenter);
    m_toModels = new QPushButton(icon(Icon::Models, QPalette::BrightText), tr("Go to &Models"), empty);
    m_toModels->setObjectName(QStringLiteral("toModelsButton"));
    look::makePrimary(*m_toModels);
    connect(m_toModels, &QPushButton::clicked, this, &ChatPane::modelsRequested);
    auto* layout = new QVBoxLayout(empty);
    layout->setSpacing(look::kGrid);
    layout->addStretch(2);
    layout->addWidget(m_emptyTitle, 0, Qt::AlignHCenter);
    layout->addWidget(m_emptyNote);
    layout->addWidget(m_toModels, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    return empty;
}

QWidget* ChatPane::makeFoot() {
    auto* foot = new QWidget(this);
    m_progress = new QProgressBar(foot);
    m_progress->setObjectName(QStringLiteral("chatProgress"));
    m_progress->setAccessibleName(tr("Loading the model"));
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(kProgressWidth, look::kGrid);
    m_figures = look::makeNote({}, foot);
    m_figures->setObjectName(QStringLiteral("chatFigures"));
    m_notice = look::makeNote({}, foot);
    m_notice->setObjectName(QStringLiteral("chatNotice"));
    m_notice->setWordWrap(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(m_progress, 0, Qt::AlignVCenter);
    row->addWidget(m_figures, 1);
    auto* layout = new QVBoxLayout(foot);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid / 2);
    layout->addLayout(row);
    layout->addWidget(m_notice);
    return foot;
}

void ChatPane::connectChat() {
    connect(m_sendButton, &QPushButton::clicked, this, &ChatPane::send);
    connect(m_input, &ChatInput::submitted, this, &ChatPane::send);
    connect(m_input, &ChatInput::textChanged, this, &ChatPane::showState);
    connect(m_input, &ChatInput::cancelled, this, [this] { m_chat.stop(); });
    connect(m_stopButton, &QPushButton::clicked, this, [this] { m_chat.stop(); });
    connect(m_view, &MessageView::regenerateRequested, this,
            [this] { attempt([this] { return m_chat.regenerate(); }, false); });
    connect(m_view, &MessageView::resendRequested, this, &ChatPane::resend);
    connect(m_view, &MessageView::exampleRequested, this, [this](int index) {
        const auto at = static_cast<std::size_t>(index);
        if (at < m_chat.current().messages.size())
            (new ExampleDialog(m_chat.examples(), m_chat.current(), at, this))->open();
    });
    connectExamples();
    connect(&m_chat, &ChatManager::stateChanged, this, &ChatPane::showState);
    connect(&m_chat, &ChatManager::settingsChanged, this, &ChatPane::showState);
    connect(&m_chat, &ChatManager::settingsChanged, this, &ChatPane::showMissingBase);
    connect(&m_chat, &ChatManager::fitsChanged, this, &ChatPane::showMissingBase);
    connect(m_chatBar->compareButton(), &QToolButton::toggled, m_comparison, &managers::Comparison::setOn);
    connect(new QShortcut(QKeySequence(tr("Ctrl+B")), this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut),
            &QShortcut::activated, m_chatBar->compareButton(), &QToolButton::click);
    connect(m_comparison, &managers::Comparison::onChanged, this, &ChatPane::showComparing);
    connect(m_comparison, &managers::Comparison::sidesChanged, this, &ChatPane::showFigures);
    connect(m_compareView, &CompareView::reportRequested, this,
            [this] { Q_EMIT comparisonReportRequested(m_comparison->answers(), m_comparison->adapters()); });
    connect(m_comparison, &managers::Comparison::failed, this, &ChatPane::answerFailed);
    connect(&m_chat, &ChatManager::conversationOpened, this, [this] {
        m_chatBar->compareButton()->setChecked(false);
        m_message->clear();
        dropAttempt();
        showState();
        m_toldBase.clear();
        m_baseMessage->clear();
        showMissingBase();
    });
    connect(&m_chat, &ChatManager::messagesChanged, this, [this] { showEmptyState(); });
    connect(&m_chat, &ChatManager::figuresChanged, this, &ChatPane::showFigures);
    connect(&m_chat, &ChatManager::keepProblemChanged, this, &ChatPane::showKeepProblem);
    connect(&m_chat, &ChatManager::replacedChanged, this, &ChatPane::showReplaced);
    connect(&m_chat, &ChatManager::answerFailed, this, &ChatPane::answerFailed);
    connect(&m_chat, &ChatManager::failed, this,
            [this](const Error& error) { m_message->showFailure(error); });
    connect(&m_chat, &ChatManager::conversationRemoved, this, [this](const QString& title, bool canUndo) {
        m_message->show(MessageBar::Kind::Notice, tr("“%1” is deleted.").arg(title),
                        canUndo ? undoWord() : QString(), [this] { m_chat.undoRemove(); });
    });
    connect(&m_training, &managers::TrainingManager::stateChanged, this, &ChatPane::showState);
    connect(&m_models, &managers::ModelManager::modelsChanged, this, [this] {
        chooseRemembered();
        showState();
    });
}

void ChatPane::connectExamples() {
    managers::ExampleKeeper& examples = m_chat.examples();
    connect(&examples, &managers::ExampleKeeper::added, this,
            [this, &examples](const QString& file, quint64 count) {
                m_training.setup().readSamples();
                m_message->show(
                    MessageBar::Kind::Notice,
                    tr("Added to %1, which has %2 now; choose it as data on the page Training.")
                        .arg(file, managers::countedText(count, tr("1 example"), tr("%1 examples"))),
                    undoWord(), [&examples] { examples.undo(); });
            });
    connect(&examples, &managers::ExampleKeeper::takenBack, this, [this] {
        m_training.setup().readSamples();
        m_message->show(MessageBar::Kind::Notice, tr("The example is taken out again."));
    });
    connect(&examples, &managers::ExampleKeeper::failed, this,
            [this](const Error& error) { m_message->showFailure(error); });
}

void ChatPane::open(const QString& model, const QString& adapter) {
    m_chat.startWith(model, adapter);
    m_hasChosen = true;
    m_input->setFocus();
}

void ChatPane::chooseRemembered() {
    if (m_hasChosen || !m_models.isListed()) return;
    m_hasChosen = true;
    const QString name = m_memory.value(QStringLiteral("chat/model")).toString();
    const auto entry = m_models.find(name);
    if (entry && entry->isUsable() && m_chat.current().id.empty()) m_chat.setModel(name);
}

void ChatPane::send() {
    if (!m_input->hasText()) return;
    attempt(
        [this, text = m_input->toPlainText()] {
            if (m_comparison->isOn() ? !m_comparison->send(text) : !m_chat.send(text)) return false;
            if (m_input->toPlainText() == text) m_input->clear(); // what was typed meanwhile stays
            return true;
        },
        true);
}

void ChatPane::resend(int index, const QString& text) {
    attempt(
        [this, index, text] {
            if (m_view->editedText(index) != text) return false; // given up or changed meanwhile
            if (!m_chat.editAndResend(index, text)) return false;
            m_view->endEdit(index);
            return true;
        },
        true);
}

void ChatPane::attempt(std::function<bool()> run, bool isTextKept) {
    tryNow({m_chat.current().id, isTextKept, std::move(run)});
}

void ChatPane::tryNow(const Attempt& attempt) {
    if (attempt.conversation != m_chat.current().id) return;
    if (m_training.isActive() || m_chat.isEngineTaken()) return offerPause(attempt);
    if (m_chat.isBusy()) return tellNotSent();
    m_putsTextBack = attempt.isTextKept;
    const bool wasAtMessage = m_view->isAncestorOf(focusWidget()); // its button is about to go
    if (!attempt.run()) return tellNotSent();
    m_message->clear();
    m_runMessage->clear();
    m_offersAnswer = m_offersRun = false;
    if (wasAtMessage) m_input->setFocus();
}

void ChatPane::tellNotSent() {
    if (m_chat.isBusy()) {
        m_notSent =
            m_chat.isAnsweringHere() || m_comparison->answering()
                ? tr("Nothing was sent: an answer is on its way. Wait for it or stop it, then send again.")
                : tr("Nothing was sent: another conversation is being answered. Wait for its answer or "
                     "stop it, then send again.");
        m_message->show(MessageBar::Kind::Notice, m_notSent);
    } else if (m_chat.current().model.empty()) {
        m_message->show(MessageBar::Kind::Notice, tr("Nothing was sent: choose a model first."));
    } else {
        m_message->show(MessageBar::Kind::Notice, tr("Nothing was sent: the message has changed meanwhile."));
    }
}

void ChatPane::offerPause(const Attempt& attempt) {
    m_offersAnswer = true;
    m_offersRun = false;
    if (m_training.state() != TrainingState::Running) {
        m_runMessage->show(
            MessageBar::Kind::Warning,
            tr("A training run is using the processor. Wait until it has started or stopped, then "
               "send again."));
        return;
    }
    m_runMessage->show(
        MessageBar::Kind::Warning,
        tr("The run %1 is training and uses the processor. It can be paused with a checkpoint and go "
           "on later without any loss.")
            .arg(m_training.runName()),
        tr("Pause the run and answer"), [this, attempt] {
            m_afterPause = attempt;
            m_hasPaused = true;
            m_runMessage->show(MessageBar::Kind::Notice, tr("Pausing the run…"));
            m_input->setFocus();
            m_training.pause();
            goOnAfterPause();
        });
}

void ChatPane::goOnAfterPause() {
    if (!m_afterPause || m_training.isActive() || m_chat.isEngineTaken()) return;
    tryNow(*std::exchange(m_afterPause, {}));
}

void ChatPane::dropAttempt() {
    m_afterPause.reset();
    if (std::exchange(m_offersAnswer, false)) m_runMessage->clear();
}

void ChatPane::offerContinue() {
    if (!m_hasPaused || m_afterPause || m_chat.isBusy()) return;
    if (m_training.isActive() || m_chat.isEngineTaken()) return;
    m_hasPaused = false;
    m_offersAnswer = false;
    m_offersRun = m_training.state() == TrainingState::Paused;
    if (!m_offersRun) return m_runMessage->clear();
    m_runMessage->show(MessageBar::Kind::Notice, tr("The run %1 is paused.").arg(m_training.runName()),
                       tr("Continue the run"), [this] { m_training.resume(m_training.runName()); });
}

void ChatPane::dropRunOffer() {
    const bool isFree = !m_training.isActive() && !m_chat.isEngineTaken();
    const bool isAnswerOver = m_offersAnswer && !m_hasPaused && isFree;
    const bool isRunOver = m_offersRun && m_training.state() != TrainingState::Paused;
    if (!isAnswerOver && !isRunOver) return;
    m_offersAnswer = m_offersRun = false;
    m_runMessage->clear();
}

void ChatPane::answerFailed(const Error& error, const QString& text) {
    if (m_putsTextBack && !m_input->hasText()) {
        m_input->setPlainText(text);
        m_input->moveCursor(QTextCursor::End);
    }
    if (error.code == codes::kCancelled) return;
    if (isAboutModel(error))
        m_message->showFailure(error, modelsWord(), [this] { Q_EMIT modelsRequested(); });
    else
        m_message->showFailure(error);
}

void ChatPane::showComparing() {
    const bool isComparing = m_comparison->isOn();
    m_chatBar->setComparing(isComparing);
    m_panel->setVisible(!isComparing);
    m_message->clear();
    dropAttempt();
    showReplaced();
    showMissingBase();
    showState();
    m_input->setFocus();
}

void ChatPane::showState() {
    const bool isBusy = m_chat.isBusy();
    m_stopButton->setVisible(isBusy);
    m_stopButton->setEnabled(m_chat.state() != ChatManager::State::Stopping);
    m_sendButton->setVisible(!isBusy);
    const bool hasModel = !m_chat.current().model.empty();
    m_sendButton->setEnabled(m_input->hasText() && hasModel);
    const bool isComparing = m_comparison->isOn();
    m_chatBar->compareButton()->setEnabled(hasModel || isComparing);
    m_input->setPlaceholderText(isComparing ? tr("Write a message to both") : tr("Write a message"));
    const bool isLoading = m_chat.state() == ChatManager::State::Loading && m_chat.job() != nullptr;
    if (isLoading)
        connect(m_chat.job(), &managers::Job::changed, this, &ChatPane::showProgress, Qt::UniqueConnection);
    if (!isBusy && !m_notSent.isEmpty()) {
        if (m_message->text() == m_notSent) m_message->clear();
        m_notSent.clear();
    }
    showProgress();
    showEmptyState();
    goOnAfterPause();
    offerContinue();
    dropRunOffer();
}

void ChatPane::showProgress() {
    const managers::Job* job = m_chat.job();
    const bool isLoading =
        m_chat.state() == ChatManager::State::Loading && job != nullptr && job->progress().total > 0;
    m_progress->setVisible(isLoading);
    if (!isLoading) return showFigures();
    m_progress->setRange(0, 100);
    m_progress->setValue(items::jobPercent(*job));
    m_figures->setText(items::jobAmountWords(*job));
    m_figures->show();
}

void ChatPane::showFigures() {
    if (m_progress->isVisible()) return;
    if (m_comparison->isOn()) return showFoot({}, compareNotice(*m_comparison));
    const ChatManager::Figures& figures = m_chat.figures();
    QStringList parts;
    if (figures.tokensPerSecond > 0.0)
        parts << tr("%1 tokens a second").arg(toQt(formatNumber(figures.tokensPerSecond, 3)));
    if (figures.contextTokens > 0)
        parts << tr("context %1 of %2 tokens").arg(figures.usedTokens).arg(figures.contextTokens);
    if (figures.contextBytes > 0)
        parts << tr("%1 of at most %2 of memory")
                     .arg(toQt(formatBytes(figures.contextBytes)), toQt(formatBytes(figures.fullBytes)));
    QString dropped;
    if (figures.droppedMessages == 1)
        dropped = tr("The oldest message no longer fits into the context and was left out");
    else if (figures.droppedMessages > 1)
        dropped = tr("The oldest %1 messages no longer fit into the context and were left out")
                      .arg(figures.droppedMessages);
    showFoot(parts.join(QStringLiteral(" · ")), dropped);
}

void ChatPane::showFoot(const QString& figures, const QString& notice) {
    m_figures->setText(figures);
    m_figures->setVisible(!figures.isEmpty() || notice.isEmpty());
    m_notice->setText(notice);
    m_notice->setVisible(!notice.isEmpty());
}

void ChatPane::showKeepProblem() {
    const auto& problem = m_chat.keepProblem();
    if (!problem) return m_keepMessage->clear();
    m_keepMessage->show(
        MessageBar::Kind::Warning,
        tr("This conversation is not being kept: %1").arg(managers::windowText(problem->message)),
        tr("Try again"), [this] { m_chat.keepAgain(); });
}

void ChatPane::showReplaced() {
    const ChatManager::Replaced* replaced = m_chat.replaced();
    if (replaced == nullptr || m_comparison->isOn()) return m_undoMessage->clear();
    const QString text = replaced->isUndone     ? tr("The earlier messages are back.")
                         : replaced->count == 1 ? tr("1 message was replaced.")
                                                : tr("%1 messages were replaced.").arg(replaced->count);
    m_undoMessage->show(MessageBar::Kind::Notice, text, replaced->isUndone ? tr("Redo") : undoWord(), [this] {
        m_chat.undoReplace();
        m_input->setFocus();
    });
}

void ChatPane::showMissingBase() {
    const QString base = m_chat.missingBase();
    const QString text =
        base.isEmpty() || m_comparison->isOn()
            ? QString()
            : tr("The adapter %1 was trained on %2, which is not installed. Import that model; where "
                 "you have it under another name, choose it above.")
                  .arg(toQt(m_chat.current().adapter), base);
    if (text == m_toldBase) return;
    m_toldBase = text;
    if (text.isEmpty()) return m_baseMessage->clear();
    m_baseMessage->show(MessageBar::Kind::Warning, text, modelsWord(), [this] { Q_EMIT modelsRequested(); });
}

void ChatPane::showEmptyState() {
    const bool isEmpty = m_chat.current().messages.empty();
    if (m_comparison->isOn()) return m_stack->setCurrentWidget(m_compareView);
    m_stack->setCurrentIndex(isEmpty ? 1 : 0);
    if (!isEmpty) return;
    const bool lacksModel = m_models.isListed() && !m_models.hasUsableModel();
    m_toModels->setVisible(lacksModel);
    m_emptyTitle->setText(lacksModel ? tr("There is no model to talk to yet") : tr("Ask something"));
    m_emptyNote->setText(
        lacksModel ? tr("Get or import one first; the smallest takes 270 MB and runs on any computer.")
                   : tr("Everything stays on this machine. The model is loaded with the first message, which "
                        "takes a "
                        "moment."));
    m_input->setEnabled(!lacksModel);
}

} // namespace llamahome::widgets
