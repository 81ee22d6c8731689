// ChatPane: the page on which one talks to a model. GUI thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <QWidget>

#include "managers/chat_manager.h"
#include "managers/comparison.h"
#include "managers/model_manager.h"
#include "managers/training_manager.h"
#include "widgets/window_memory.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace llamahome::widgets {

class ChatBar;
class ChatInput;
class CompareView;
class ConversationPanel;
class MessageBar;
class MessageView;
class SamplingDrawer;

/// Ctrl+B splits the page: two sides answer the same message, and the conversation waits meanwhile.
/// While a run trains, nothing is sent silently: the page offers to pause it, answers, and offers to go on.
class ChatPane final : public QWidget {
    Q_OBJECT

public:
    ChatPane(managers::ChatManager& chat, managers::ModelManager& models, managers::TrainingManager& training,
             WindowMemory& memory, QWidget* parent = nullptr);

    /// A new conversation with that model and adapter, by name; without a model the adapter's own base.
    void open(const QString& model, const QString& adapter);

Q_SIGNALS:
    /// There is no model to talk to.
    void modelsRequested();
    /// The compared answers are wanted as a report.
    void comparisonReportRequested(const std::vector<llamahome::jobs::ComparedAnswers>& answers,
                                   const QStringList& adapters);

private:
    /// What the user wanted to be answered: send, again, or an edited message.
    struct Attempt {
        std::string conversation; ///< id of the one for which it is meant
        bool isTextKept = false;  ///< put back into the field when no answer comes
        std::function<bool()> run;
    };

    QWidget* makeMain();
    QWidget* makeEmpty();
    QWidget* makeFoot();
    void connectChat();
    void connectExamples();

    void send();
    void resend(int index, const QString& text);
    void attempt(std::function<bool()> run, bool isTextKept);
    void tryNow(const Attempt& attempt);
    void tellNotSent();
    void offerPause(const Attempt& attempt);
    void goOnAfterPause();
    /// Nothing is sent to the conversation that is shown now which was meant for the one before.
    void dropAttempt();
    void offerContinue();
    /// Takes away what the run's bar offers once the run is another matter.
    void dropRunOffer();
    void answerFailed(const Error& error, const QString& text);
    /// The page splits, or goes back to the conversation.
    void showComparing();
    void showState();
    void showProgress();
    void showFigures();
    void showFoot(const QString& figures, const QString& notice);
    void showKeepProblem();
    void showReplaced();
    void showMissingBase();
    void showEmptyState();
    void chooseRemembered();

    managers::ChatManager& m_chat;
    managers::ModelManager& m_models;
    managers::TrainingManager& m_training;
    WindowMemory& m_memory;

    managers::Comparison* m_comparison;
    ChatBar* m_chatBar;
    SamplingDrawer* m_drawer;
    MessageBar* m_message;
    MessageBar* m_keepMessage;
    MessageBar* m_runMessage;
    MessageBar* m_undoMessage;
    MessageBar* m_baseMessage;
    QStackedWidget* m_stack;
    MessageView* m_view;
    CompareView* m_compareView;
    ConversationPanel* m_panel;
    QLabel* m_emptyTitle;
    QLabel* m_emptyNote;
    QPushButton* m_toModels;
    ChatInput* m_input;
    QPushButton* m_sendButton;
    QPushButton* m_stopButton;
    QProgressBar* m_progress;
    QLabel* m_figures;
    QLabel* m_notice;

    std::optional<Attempt> m_afterPause; ///< waits for the run to have stopped
    QString m_toldBase;                  ///< about the adapter's base; once in a conversation
    QString m_notSent;                   ///< what the message bar says until no answer runs any more
    bool m_offersAnswer = false;         ///< what the run's bar says is about an attempt
    bool m_hasPaused = false;            ///< the run waits for the answer
    bool m_offersRun = false;            ///< the run's bar offers to go on with it
    bool m_putsTextBack = false;         ///< of an attempt that fails
    bool m_hasChosen = false;            ///< the remembered model, once
};

} // namespace llamahome::widgets
