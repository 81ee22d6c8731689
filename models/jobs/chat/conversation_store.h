// Conversations as files: data/chats/<id>.json, one each, whole or as before. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/model_settings.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "text/template/message.h"

namespace llamahome::jobs {

inline constexpr std::uint64_t kMaxConversationBytes = 16U << 20;

/// One turn; the system text stands apart.
struct ConversationMessage {
    std::string role; ///< "user" or "assistant"
    std::string content;
    std::string finish;       ///< of an answer, see finishName(); empty for the user's
    std::uint64_t tokens = 0; ///< of an answer
    double seconds = 0.0;     ///< that its tokens took
    std::string adapter = {}; ///< that an answer was given with; empty: none, or not known
    double adapterScale = 1.0;

    friend bool operator==(const ConversationMessage&, const ConversationMessage&) = default;
};

struct Conversation {
    std::string id;      ///< name of its file; empty: never kept
    std::string title;   ///< given by the user; empty: see conversationTitle()
    std::string model;   ///< name, as ModelEntry has it
    std::string adapter; ///< name; empty: none
    double adapterScale = 1.0;
    std::string system;
    std::string templateName; ///< as the setting data.template has it; empty: what the setting says
    config::GenerationSettings sampling;
    std::vector<ConversationMessage> messages;
    std::string createdAt; ///< UTC
    std::string updatedAt;
};

/// One line of the list.
struct ConversationInfo {
    std::string id;
    std::string title;
    std::string model;
    std::string adapter;
    std::string updatedAt;
    std::string problem; ///< why it cannot be opened; empty: it can
};

/// A deleted one, for undoing.
struct RemovedConversation {
    std::string id;
    std::string bytes; ///< of its file
};

/// The given title, else the beginning of the first line that the user wrote; empty where there is neither.
std::string conversationTitle(const Conversation& conversation);
ConversationInfo infoOf(const Conversation& conversation);

/// A name that no other conversation has: time, process and `number`, which the caller counts up.
std::string newConversationId(const Clock& clock, unsigned number);

/// What a model is told of a conversation, its last user message left out: system text and the turns before
/// it.
std::vector<text::Message> historyOf(const Conversation& conversation);

/// Newest first. What is damaged, too large or no file is listed with its problem, the file's date and name.
std::vector<ConversationInfo> listConversations(const DataRoot& root);

/// FILE-01 where there is none, CHAT-01 for a damaged one, CHAT-02 for a newer schema.
Result<Conversation> readConversation(const DataRoot& root, const std::string& id);

/// Writes it whole or leaves the former one; makes the folder where it is missing. FILE-07 when it has grown
/// past kMaxConversationBytes. The root's lock is not needed: a file belongs to the window that shows it.
Result<void> writeConversation(FileLayer& files, const DataRoot& root, const Conversation& conversation);

/// Deletes the file and what a cut left beside it, and returns what was in it: nothing for one that is too
/// large to be kept in memory.
Result<RemovedConversation> removeConversation(FileLayer& files, const DataRoot& root, const std::string& id);
/// Undoes that.
Result<void> putBackConversation(FileLayer& files, const DataRoot& root, const RemovedConversation& removed);

} // namespace llamahome::jobs
