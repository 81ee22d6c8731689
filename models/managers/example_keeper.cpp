#include "managers/example_keeper.h"

#include <utility>
#include <vector>

#include "managers/run_job.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

std::vector<text::Message> messagesOf(const jobs::Conversation& conversation, std::size_t index,
                                      const std::string& answer) {
    std::vector<text::Message> messages;
    if (!conversation.system.empty()) messages.push_back({"system", conversation.system});
    for (std::size_t i = 0; i < index; ++i)
        messages.push_back({conversation.messages[i].role, conversation.messages[i].content});
    messages.push_back({"assistant", answer});
    return messages;
}

} // namespace

ExampleKeeper::ExampleKeeper(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_fileGuard(std::make_shared<std::mutex>()) {}

void ExampleKeeper::add(const jobs::Conversation& conversation, std::size_t index, const QString& answer) {
    if (index >= conversation.messages.size()) return;
    runTask<Result<jobs::AddedExample>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, guard = m_fileGuard,
         messages = messagesOf(conversation, index, fromQt(answer))] {
            const std::lock_guard lock(*guard);
            return jobs::addExample(*workspace.files, workspace.root, messages);
        },
        this,
        [this](const Result<jobs::AddedExample>& example) {
            if (!example) {
                Q_EMIT failed(example.error());
                return;
            }
            m_last = *example;
            Q_EMIT added(pathToQt(example->file.filename()), example->examples);
        });
}

void ExampleKeeper::undo() {
    const auto last = std::exchange(m_last, std::nullopt);
    if (!last) return;
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, guard = m_fileGuard, last] {
            const std::lock_guard lock(*guard);
            return jobs::takeBackExample(*workspace.files, *last);
        },
        this,
        [this](const Result<void>& done) {
            if (done)
                Q_EMIT takenBack();
            else
                Q_EMIT failed(done.error());
        });
}

} // namespace llamahome::managers
