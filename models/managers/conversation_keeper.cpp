#include "managers/conversation_keeper.h"

#include <algorithm>
#include <utility>

#include "core/log.h"

namespace llamahome::managers {

ConversationKeeper::ConversationKeeper(jobs::DataRoot root, FileLayer& files)
    : m_root(std::move(root))
    , m_files(files) {}

void ConversationKeeper::put(const jobs::Conversation& conversation) {
    const std::lock_guard guard(m_waitingGuard);
    m_waiting[conversation.id] = conversation;
}

std::vector<ConversationKeeper::Outcome> ConversationKeeper::drain() {
    const std::lock_guard files(m_filesGuard);
    std::map<std::string, jobs::Conversation> taken;
    {
        const std::lock_guard guard(m_waitingGuard);
        taken.swap(m_waiting);
    }
    std::vector<Outcome> outcomes;
    for (auto& [id, conversation] : taken) {
        const auto written = jobs::writeConversation(m_files, m_root, conversation);
        outcomes.push_back({id, written ? std::nullopt : std::optional(written.error())});
        if (written) continue;
        logLine(LogLevel::Error, "managers",
                "the conversation " + id + " is not kept: " + written.error().message);
        const std::lock_guard guard(m_waitingGuard);
        m_waiting.emplace(id, std::move(conversation)); // a newer state that came meanwhile stands
    }
    return outcomes;
}

std::vector<jobs::ConversationInfo> ConversationKeeper::list() {
    const std::lock_guard files(m_filesGuard);
    std::vector<jobs::ConversationInfo> all = jobs::listConversations(m_root);
    const std::lock_guard guard(m_waitingGuard);
    for (const auto& [id, conversation] : m_waiting) {
        std::erase_if(all, [&wanted = id](const auto& info) { return info.id == wanted; });
        all.insert(std::find_if(all.begin(), all.end(),
                                [&newest = conversation](const auto& info) {
                                    return info.updatedAt <= newest.updatedAt;
                                }),
                   jobs::infoOf(conversation));
    }
    return all;
}

std::optional<jobs::Conversation> ConversationKeeper::waiting(const std::string& id) {
    const std::lock_guard guard(m_waitingGuard);
    const auto found = m_waiting.find(id);
    return found == m_waiting.end() ? std::nullopt : std::optional(found->second);
}

Result<jobs::Conversation> ConversationKeeper::read(const std::string& id) {
    const std::lock_guard files(m_filesGuard);
    if (auto newest = waiting(id)) return std::move(*newest);
    return jobs::readConversation(m_root, id);
}

Result<void> ConversationKeeper::rename(const std::string& id, const std::string& title) {
    const std::lock_guard files(m_filesGuard);
    std::map<std::string, jobs::Conversation>::node_type taken;
    {
        const std::lock_guard guard(m_waitingGuard);
        taken = m_waiting.extract(id);
    }
    auto conversation =
        taken ? Result<jobs::Conversation>(taken.mapped()) : jobs::readConversation(m_root, id);
    if (!conversation) return conversation.error();
    conversation->title = title;
    auto written = jobs::writeConversation(m_files, m_root, *conversation);
    if (written || !taken) return written;
    taken.mapped().title = title; // waits on under its new name
    const std::lock_guard guard(m_waitingGuard);
    m_waiting.insert(std::move(taken)); // a newer state that came meanwhile stands
    return written;
}

Result<jobs::RemovedConversation> ConversationKeeper::remove(const std::string& id) {
    const std::lock_guard files(m_filesGuard);
    {
        const std::lock_guard guard(m_waitingGuard);
        m_waiting.erase(id);
    }
    return jobs::removeConversation(m_files, m_root, id);
}

Result<void> ConversationKeeper::putBack(const jobs::RemovedConversation& removed) {
    const std::lock_guard files(m_filesGuard);
    return jobs::putBackConversation(m_files, m_root, removed);
}

} // namespace llamahome::managers
