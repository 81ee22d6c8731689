// ConversationKeeper: writes conversations in the order in which they changed, the last state only. put() on
// the GUI thread; the rest on the file pool.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/chat/conversation_store.h"
#include "jobs/library/data_root.h"

namespace llamahome::managers {

/// Files are touched by one thread at a time. What cannot be written stays here and is tried again at the
/// next drain(), so that a full disk loses nothing while the program runs.
class ConversationKeeper {
public:
    struct Outcome {
        std::string id;
        std::optional<Error> error; ///< nothing: it is on the disk
    };

    ConversationKeeper(jobs::DataRoot root, FileLayer& files);

    /// The state that the next drain() writes. Never waits for a file.
    void put(const jobs::Conversation& conversation);
    /// What fails is logged.
    std::vector<Outcome> drain();

    /// Those on the disk and those that wait to be written, newest first.
    std::vector<jobs::ConversationInfo> list();
    Result<jobs::Conversation> read(const std::string& id);
    /// One that waits and still cannot be written waits on with the new title.
    Result<void> rename(const std::string& id, const std::string& title);
    Result<jobs::RemovedConversation> remove(const std::string& id);
    Result<void> putBack(const jobs::RemovedConversation& removed);

private:
    std::optional<jobs::Conversation> waiting(const std::string& id);

    jobs::DataRoot m_root;
    FileLayer& m_files;
    std::mutex m_filesGuard; ///< held while files are read and written
    std::mutex m_waitingGuard;
    std::map<std::string, jobs::Conversation> m_waiting;
};

} // namespace llamahome::managers
