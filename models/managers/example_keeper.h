// ExampleKeeper: answers of conversations become training examples. A QObject; GUI thread, files are written
// on the file pool.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include <QObject>
#include <QString>

#include "jobs/chat/conversation_store.h"
#include "jobs/train/example_file.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class ExampleKeeper final : public QObject {
    Q_OBJECT

public:
    /// `context` outlives it.
    explicit ExampleKeeper(ManagerContext& context, QObject* parent = nullptr);

    /// Keeps what stands before message `index` of the conversation, an answer, and `answer` in its place.
    /// added() follows, or failed().
    void add(const jobs::Conversation& conversation, std::size_t index, const QString& answer);
    /// Takes the last one out again; takenBack() follows, or failed().
    void undo();

Q_SIGNALS:
    /// `file`: its name among the data files that are offered; `count`: examples in it now.
    void added(const QString& file, quint64 count);
    void takenBack();
    void failed(const llamahome::Error& error);

private:
    ManagerContext& m_context;
    std::shared_ptr<std::mutex> m_fileGuard;  ///< one change of the file at a time
    std::optional<jobs::AddedExample> m_last; ///< that undo() takes out
};

} // namespace llamahome::managers
