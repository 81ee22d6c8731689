// The part of ChatManager that lists, keeps, renames and removes conversations.
#include <algorithm>
#include <utility>

#include "managers/chat_manager.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {

void ChatManager::refresh() {
    runTask<Listing>(
        m_context.filePool, m_context.jobs,
        [keeper = m_keeper, workspace = m_context.workspace] {
            return Listing{keeper->list(), rootWordsFor(workspace, readSettings(workspace).resolved.values)};
        },
        this,
        [this, version = m_listVersion](Listing listing) {
            if (version != m_listVersion) return refresh();
            m_conversations = std::move(listing.conversations);
            m_rootWords = std::move(listing.rootWords);
            m_isListed = true;
            Q_EMIT conversationsChanged();
        });
}

void ChatManager::listChanged() {
    ++m_listVersion;
    Q_EMIT conversationsChanged();
}

void ChatManager::forget(const std::string& id) {
    std::erase_if(m_conversations, [&](const auto& info) { return info.id == id; });
    m_replaced.erase(id);
    listChanged();
}

void ChatManager::keep(const jobs::Conversation& conversation) {
    if (conversation.id.empty()) return;
    m_keeper->put(conversation);
    std::erase_if(m_conversations, [&](const auto& info) { return info.id == conversation.id; });
    const auto place = std::find_if(m_conversations.begin(), m_conversations.end(), [&](const auto& info) {
        return info.updatedAt <= conversation.updatedAt;
    });
    m_conversations.insert(place, jobs::infoOf(conversation));
    listChanged();
    drainKeeper();
}

void ChatManager::keepAgain() {
    drainKeeper();
}

void ChatManager::drainKeeper() {
    using Outcomes = std::vector<ConversationKeeper::Outcome>;
    runTask<Outcomes>(
        m_context.filePool, m_context.jobs, [keeper = m_keeper] { return keeper->drain(); }, this,
        [this](const Outcomes& outcomes) {
            for (const auto& outcome : outcomes)
                takeOutcome(outcome);
        });
}

void ChatManager::takeOutcome(const ConversationKeeper::Outcome& outcome) {
    if (outcome.id == m_current.id) {
        m_keepProblem = outcome.error;
        Q_EMIT keepProblemChanged();
    }
    if (!outcome.error) {
        m_toldUnkept.erase(outcome.id);
        return;
    }
    if (outcome.id == m_current.id || !m_toldUnkept.insert(outcome.id).second) return;
    const auto found = std::find_if(m_conversations.begin(), m_conversations.end(),
                                    [&](const auto& info) { return info.id == outcome.id; });
    const QString title = toQt(found == m_conversations.end() ? outcome.id : found->title);
    Q_EMIT failed(outcome.error->within(fromQt(tr("“%1” is not being kept").arg(title))));
}

void ChatManager::renameConversation(const QString& id, const QString& title) {
    const std::string name = fromQt(title.simplified());
    if (m_pending && m_pending->now.id == fromQt(id)) m_pending->now.title = name;
    if (m_current.id == fromQt(id)) {
        m_current.title = name;
        return keep(m_current);
    }
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [keeper = m_keeper, id = fromQt(id), name] { return keeper->rename(id, name); }, this,
        [this, id = fromQt(id), name](const Result<void>& renamed) {
            if (!renamed) Q_EMIT failed(renamed.error());
            if (renamed && m_current.id == id) m_current.title = name; // it was opened meanwhile
            refresh();
        });
}

void ChatManager::removeConversation(const QString& id) {
    const std::string wanted = fromQt(id);
    const auto found = std::find_if(m_conversations.begin(), m_conversations.end(),
                                    [&](const auto& info) { return info.id == wanted; });
    const QString title = found == m_conversations.end() ? id : toQt(found->title);
    if (m_pending && m_pending->now.id == wanted) {
        m_pending->isDiscarded = true;
        stop();
    }
    forget(wanted);
    if (m_current.id == wanted) {
        m_settingsKept.stop();
        show(emptyConversation());
    }
    runTask<Result<jobs::RemovedConversation>>(
        m_context.filePool, m_context.jobs, [keeper = m_keeper, wanted] { return keeper->remove(wanted); },
        this,
        [this, title](const Result<jobs::RemovedConversation>& removed) {
            if (!removed) {
                Q_EMIT failed(removed.error());
                return refresh();
            }
            m_removed = *removed;
            if (m_removed->bytes.empty()) m_removed.reset();
            Q_EMIT conversationRemoved(title, m_removed.has_value());
        });
}

void ChatManager::undoRemove() {
    if (!m_removed) return;
    const jobs::RemovedConversation removed = std::move(*m_removed);
    m_removed.reset();
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs, [keeper = m_keeper, removed] { return keeper->putBack(removed); },
        this,
        [this, removed](const Result<void>& done) {
            if (!done) {
                m_removed = removed;
                Q_EMIT failed(done.error());
                return;
            }
            refresh();
            openConversation(toQt(removed.id));
        });
}

} // namespace llamahome::managers
