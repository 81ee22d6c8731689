// ChatManager: conversations, kept as files, and the answers to them. A QObject; GUI thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <QObject>
#include <QPointer>
#include <QString>
#include <QTimer>

#include "core/error.h"
#include "jobs/chat/conversation_store.h"
#include "managers/adapter_bases.h"
#include "managers/chat_worker.h"
#include "managers/conversation_keeper.h"
#include "managers/example_keeper.h"
#include "managers/job.h"
#include "managers/manager_context.h"
#include "managers/sampling_presets.h"

namespace llamahome::managers {

class ModelManager;
class SettingsManager;

/// The model stays loaded between answers. It is freed when another one is wanted, when a training job begins
/// (which needs the memory and the thread), when its folder is to go or is gone, and after an idle while.
class ChatManager final : public QObject {
    Q_OBJECT

public:
    enum class State { Idle, Loading, Answering, Stopping };

    /// What is told under an answer; zero where not known.
    struct Figures {
        double tokensPerSecond = 0.0;
        std::uint64_t usedTokens = 0;      ///< prompt and answer
        std::uint64_t contextTokens = 0;   ///< what fits
        std::uint64_t contextBytes = 0;    ///< of memory that it takes
        std::uint64_t fullBytes = 0;       ///< that it would take with all that fits
        std::uint64_t droppedMessages = 0; ///< oldest ones that the model was not told
    };

    /// What hears of answers on their way, all on the GUI thread; `index` is that of the conversation.
    struct Hearing {
        std::function<void(std::size_t index, const std::string& piece)> onPiece;
        std::function<void(std::size_t index, const ChatAnswer& answer)> onAnswer; ///< before the next begins
        std::function<void(const Result<std::vector<ChatAnswer>>& answers)> onEnd;
    };

    /// What an edit or another answer took away, for undoing.
    struct Replaced {
        std::vector<jobs::ConversationMessage>
            messages;          ///< of the whole conversation; those to come by undoing
        int count = 0;         ///< of messages that were replaced
        bool isUndone = false; ///< `messages` are the newer ones
    };

    static constexpr std::chrono::minutes kIdleTime{10};           ///< then a loaded model is freed
    static constexpr std::chrono::milliseconds kPieceInterval{50}; ///< least time between two answerGrew()

    ChatManager(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                QObject* parent = nullptr);
    /// Stops what runs; an answer that is cut off so is kept as far as it came.
    ~ChatManager() override;

    /// Reads the list of conversations anew; conversationsChanged() follows.
    void refresh();
    /// False until the first list is there.
    bool isListed() const { return m_isListed; }
    /// What becomes of answers that are worth learning.
    ExampleKeeper& examples() { return m_examples; }
    /// Newest first; the shown one as soon as it has a message.
    const std::vector<jobs::ConversationInfo>& conversations() const { return m_conversations; }

    /// The one that is shown. Its id is empty until it has a message.
    const jobs::Conversation& current() const { return m_current; }
    /// Shows a new one: model and adapter of the one before it, the rest by the settings.
    void startConversation();
    /// The same with that model and adapter. An empty model: the one on which the adapter was trained.
    void startWith(const QString& model, const QString& adapter);
    /// conversationOpened() follows, or failed(). Only the last one asked for is shown.
    void openConversation(const QString& id);
    /// An empty title: the first line that the user wrote.
    void renameConversation(const QString& id, const QString& title);
    /// Deletes its file; an answer to it is stopped first. conversationRemoved() follows, or failed().
    void removeConversation(const QString& id);
    /// Writes the last deleted one again and shows it.
    void undoRemove();

    /// Whether the adapter was trained on that model, or on one that is not known.
    bool fits(const QString& adapter, const QString& model) const;
    /// What the shown conversation's adapter was trained on, where that is not installed; else empty.
    QString missingBase() const;

    /// Settings of the shown conversation; they count from the next answer on. Another model drops the
    /// adapter; the scale of an adapter changes without loading anything.
    void setModel(const QString& name);
    void setAdapter(const QString& name); ///< empty: none
    void setAdapterScale(double scale);
    void setSystem(const QString& text);
    void setTemplate(const QString& name); ///< as the setting data.template; empty: what the setting says
    void setSampling(const config::GenerationSettings& sampling);

    State state() const { return m_state; }
    bool isBusy() const { return m_state != State::Idle; }
    /// Whether what runs is an answer in the shown conversation.
    bool isAnsweringHere() const;
    /// The answer in the shown conversation as far as it has come.
    QString partialAnswer() const;
    /// What runs, for its progress; null when nothing does.
    const Job* job() const;
    /// A training job has the engine; nothing is sent while it does.
    bool isEngineTaken() const;
    /// Of the last answer in the shown conversation.
    const Figures& figures() const { return m_figures; }
    /// Why the shown conversation is not kept on disk; nothing where it is.
    const std::optional<Error>& keepProblem() const { return m_keepProblem; }
    bool isModelLoaded() const { return m_isLoaded; }
    /// Whether the loaded model is the one that what runs needs.
    bool isWantedModelLoaded() const;
    /// The same conversation for a shell; empty without a model.
    QString commandLine() const;

    /// Adds the user's message and answers it. False, and nothing happens, without text or model, while an
    /// answer runs, and while training has the engine. A model or adapter that is being removed gives no
    /// answer: answerFailed() says so.
    bool send(const QString& text);
    /// Answers the last user message once more in place of the answer that it has, with another seed.
    bool regenerate();
    /// Replaces the user message `index` and answers it; what followed it is cut off.
    bool editAndResend(int index, const QString& text);
    /// Answers the last messages of these, one after the other, as one job of that title. They are neither
    /// shown nor kept. After a stop, those that had not begun are not among the answers. False, and nothing
    /// happens, where send() would refuse one.
    bool answerAside(const QString& title, const std::vector<jobs::Conversation>& asked, Hearing hearing);
    /// Of the shown conversation until it changes again, as long as the program runs; null while an answer in
    /// it is on its way.
    const Replaced* replaced() const;
    /// Brings those messages back; the ones that they replace come back in the same way.
    void undoReplace();
    /// Ends the answer; what came so far is kept and marked.
    void stop();
    /// Tries again to write what could not be kept.
    void keepAgain();
    /// Frees the loaded model after what runs.
    void release();
    void setIdleTime(std::chrono::milliseconds time) { m_idle.setInterval(time); }

Q_SIGNALS:
    void conversationsChanged();
    /// Another conversation is shown.
    void conversationOpened();
    /// Model, adapter, scale, system text or sampling of the shown one is another.
    void settingsChanged();
    /// It is known anew which adapter fits which model.
    void fitsChanged();
    /// Messages of the shown conversation from `first` on are others.
    void messagesChanged(int first);
    /// More of the answer in the shown conversation; whole characters, at most 20 times a second.
    void answerGrew(const QString& piece);
    /// state() or isEngineTaken() is another.
    void stateChanged();
    void figuresChanged();
    void keepProblemChanged();
    /// replaced() is another.
    void replacedChanged();
    void conversationRemoved(const QString& title, bool canUndo);
    /// No answer came in the shown conversation, which is as before; `text` was asked. RUN-00 after a stop.
    void answerFailed(const llamahome::Error& error, const QString& text);
    /// A conversation could not be opened, renamed, deleted or, one that is not shown, answered or kept.
    void failed(const llamahome::Error& error);

private:
    /// An answer on its way.
    struct Pending {
        jobs::Conversation before; ///< as it was, for when no answer comes
        jobs::Conversation now;    ///< with the user's message last
        std::string text;          ///< of the answer, so far
        bool isDiscarded = false;  ///< its conversation was deleted
    };

    struct Listing {
        std::vector<jobs::ConversationInfo> conversations;
        std::vector<std::string> rootWords; ///< {"--root", PATH} where a shell would take another root
    };

    bool canAnswer(const jobs::Conversation& asked) const;
    bool answer(jobs::Conversation now);
    /// Answers them on the engine's thread, all by the model of the first.
    void ask(Job& job, std::vector<ChatRequest> requests, Hearing hearing);
    /// Of the model and the adapter that an answer works with.
    std::vector<std::filesystem::path> foldersOf(const ChatRequest& request) const;
    std::optional<Error> removalOf(const ChatRequest& request) const;
    ChatRequest requestOf(const jobs::Conversation& conversation) const;
    void takeReady(const std::filesystem::path& folder);
    void takePiece(const std::string& piece);
    void takeAnswer(const Result<std::vector<ChatAnswer>>& result);
    void finishWith(Pending ended, const ChatAnswer& answer);
    void failWith(Pending ended, const Error& error);

    jobs::Conversation emptyConversation() const;
    void show(jobs::Conversation conversation);
    void followSettings();
    void followModels();
    void readBases();
    void takeBase();
    void settingsEdited();
    void setState(State state);
    void setFigures(const Figures& figures);
    void noteReplaced(const Pending& ended);
    /// Writes `conversation` soon, and has it in the list.
    void keep(const jobs::Conversation& conversation);
    void drainKeeper();
    void takeOutcome(const ConversationKeeper::Outcome& outcome);
    void forget(const std::string& id);
    void listChanged();

    ManagerContext& m_context;
    ModelManager& m_models;
    SettingsManager& m_settings;
    ExampleKeeper m_examples;
    std::shared_ptr<ConversationKeeper> m_keeper;
    std::shared_ptr<ChatWorker> m_worker; ///< its state belongs to the engine thread
    std::vector<jobs::ConversationInfo> m_conversations;
    std::vector<std::string> m_rootWords;
    std::map<std::string, AdapterBase> m_bases; ///< of adapters, by name
    quint64 m_listVersion = 0;                  ///< a list that was read before the last change of it is void
    bool m_isListed = false;
    jobs::Conversation m_current;
    bool m_isPristine = true; ///< a new one whose system text and sampling are those of the settings
    bool m_wantsBase = false; ///< the model is the adapter's, as soon as that is known
    quint64 m_openAsked = 0;
    std::optional<Pending> m_pending;
    QPointer<Job> m_job;       ///< of what runs
    std::string m_wantedModel; ///< of what runs
    std::optional<jobs::RemovedConversation> m_removed;
    std::map<std::string, Replaced> m_replaced; ///< by id
    std::optional<Error> m_keepProblem;
    std::set<std::string> m_toldUnkept; ///< ids told by failed(), until they are kept
    Figures m_figures;
    State m_state = State::Idle;
    std::filesystem::path m_loadedFolder;
    std::string m_loadedModel; ///< name
    bool m_isLoaded = false;
    unsigned m_nextNumber = 1;
    std::uint64_t m_attempts = 0; ///< answers to the last message so far
    QTimer m_settingsKept;        ///< a slider that moves is written once
    QTimer m_idle;
};

} // namespace llamahome::managers
