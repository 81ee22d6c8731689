// Conversations over the fake engine and files that may have no room left: what tests of the chat need. GUI
// thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <QTest>

#include "core/error_codes.h"
#include "core/log.h"
#include "managers/chat_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "support/forwarding_files.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::testing {

inline const QString kModel = QStringLiteral("smollm2/135m-instruct");
inline const std::string kAnswer = "the answer #### 7";

/// File layer that can run out of space for chats while the rest goes on.
class FillingFiles final : public ForwardingFiles {
public:
    FillingFiles()
        : ForwardingFiles(m_guard) {}

    std::atomic<bool> isFull = false;

    Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) override {
        if (isFull && path.string().find("chats") != std::string::npos)
            return Error{codes::kDiskFull, "cannot write " + path.string() + ": no space left; free some"};
        return ForwardingFiles::createNew(path);
    }

    std::vector<std::string> violations() const { return m_guard.violations(); }

private:
    GuiGuardFiles m_guard;
};

/// The program's log, for as long as it lives.
class KeptLog final {
public:
    KeptLog() { setLogSink(m_sink); }
    ~KeptLog() { setLogSink(nullptr); }

    std::size_t countOf(const std::string& part) const {
        const std::lock_guard guard(m_sink->guard);
        return static_cast<std::size_t>(
            std::count_if(m_sink->lines.begin(), m_sink->lines.end(),
                          [&](const std::string& line) { return line.find(part) != std::string::npos; }));
    }

private:
    struct Sink final : LogSink {
        std::mutex guard;
        std::vector<std::string> lines;

        void write(LogLevel, std::string_view, std::string_view message) override {
            const std::lock_guard held(guard);
            lines.emplace_back(message);
        }
    };

    std::shared_ptr<Sink> m_sink = std::make_shared<Sink>();
};

struct ChatGround {
    ManagerGround ground;
    FillingFiles files;
    StepGate tokens; ///< holds before a token of an answer, counted from 1
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<managers::ChatManager> chat;
    QString adapter;

    explicit ChatGround(bool hasAdapter = false) {
        ground.install();
        if (hasAdapter) adapter = managers::toQt(trainRun(ground).adapterName);
        ground.engine.script().beforeToken = [this](std::size_t n) {
            tokens.pass(static_cast<std::int64_t>(n) + 1);
        };
        start();
    }
    ~ChatGround() {
        close();
        if (!files.violations().empty()) qFatal("on the GUI thread: %s", files.violations().front().c_str());
    }

    void start() {
        managers::Workspace workspace = ground.workspace();
        workspace.files = &files;
        context = std::make_unique<managers::ManagerContext>(std::move(workspace));
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        chat = std::make_unique<managers::ChatManager>(*context, *models, *settings);
        if (!wait([this] { return models->isListed() && settings->isRead() && chat->isListed(); }))
            qFatal("nothing is listed");
        if (!wait([this] { return managers::toQt(chat->current().model) == kModel; }))
            qFatal("no model is chosen");
    }
    void close() {
        tokens.open();
        chat.reset();
        models.reset();
        settings.reset();
        context.reset();
    }

    static bool wait(const std::function<bool()>& condition) {
        return QTest::qWaitFor(condition, kPatienceMs);
    }
    bool awaitIdle() const {
        return wait([this] { return !chat->isBusy(); });
    }
    bool ask(const char* text) const { return chat->send(QString::fromUtf8(text)) && awaitIdle(); }
    bool awaitKept(std::size_t conversations) const {
        return wait([&] {
            const MayBlock here;
            return jobs::listConversations({ground.root()}).size() == conversations;
        });
    }
    const std::vector<jobs::ConversationMessage>& messages() const { return chat->current().messages; }
    const FakeHistory& history() const { return ground.engine.history(); }
    /// What the model was told last.
    std::string lastPrompt() const {
        const MayBlock here;
        const auto tokenizer = text::Tokenizer::load(ground.installed());
        return *tokenizer->decode(history().prompts.back(), false);
    }
    std::filesystem::path chats() const { return ground.root() / "data/chats"; }
};

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace llamahome::testing
