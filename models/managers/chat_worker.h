// ChatWorker: the loaded model of the chat. Made anywhere; everything else on the engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/chat/chat_session.h"
#include "jobs/library/library.h"
#include "jobs/open_model.h"
#include "managers/engine_host.h"

namespace llamahome::managers {

/// One answer that is wanted.
struct ChatRequest {
    std::string model;   ///< name, as ModelEntry has it
    std::string adapter; ///< name; empty: none
    double adapterScale = 1.0;
    std::vector<text::Message> history; ///< system message and turns before the question
    std::string question;
    jobs::AnswerOptions options;
    config::Settings settings; ///< precision, device, threads, template and memory limit are used
    config::Environment environment;
};

struct ChatAnswer {
    jobs::Answer answer;
    std::uint64_t contextTokens = 0;    ///< the model's limit or the settings', whichever is less
    std::uint64_t fullContextBytes = 0; ///< memory of that many
};

/// Told of the folder of the model when it is loaded.
using ReadySink = std::function<void(const std::filesystem::path&)>;

/// Holds at most one model, with its adapter.
class ChatWorker {
public:
    ChatWorker(jobs::Library library, FileLayer& files);

    /// Loads what is not loaded yet, sets adapter and scale, answers. Errors as `llamahome chat` has them; a
    /// model that is loaded stays so.
    Result<ChatAnswer> answer(EngineHost& host, const ChatRequest& request, const jobs::TextSink& onText,
                              const ReadySink& onReady, const CancelToken& cancel,
                              const ProgressSink& progress);
    /// Frees the model.
    void release();

private:
    /// What decides whether the loaded model is the wanted one.
    struct Loaded {
        std::string model;
        jobs::OpenOptions options;

        friend bool operator==(const Loaded&, const Loaded&) = default;
    };

    Result<void> load(EngineHost& host, const ChatRequest& request, const CancelToken& cancel,
                      const ProgressSink& progress);
    Result<void> setAdapter(const ChatRequest& request);

    jobs::Library m_library;
    FileLayer& m_files;
    std::optional<jobs::OpenModel> m_open;
    Loaded m_loaded;
    std::filesystem::path m_folder;
    std::string m_adapter; ///< which adapter is set; empty: none
};

} // namespace llamahome::managers
