// TrainingQueue: the training runs that wait for their turn, kept over restarts. One after the other. A
// QObject; GUI thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/error.h"
#include "jobs/train/run_queue.h"
#include "managers/list_keeper.h"
#include "managers/manager_context.h"
#include "managers/training_choice.h"

namespace llamahome::managers {

class ModelManager;
class TrainingManager;

enum class QueueState {
    Waiting,
    Going,  ///< its run is the one that TrainingManager has, paused or not
    Failed, ///< QueuedRun::message says why; those behind it went on
};

struct QueueItem {
    quint64 id = 0;
    jobs::QueuedRun run;
    QueueState state = QueueState::Waiting;
    QString runName = {}; ///< once its folder is there: it is kept and offered by that
};

/// A run that comes to its end, by itself or by a stop, leaves the queue, and the next one begins. One that
/// fails stays and says so, and the next one begins all the same. While a run is paused nothing begins.
class TrainingQueue final : public QObject {
    Q_OBJECT

public:
    /// Reads the list of before, which is held. All outlive it.
    TrainingQueue(ManagerContext& context, ModelManager& models, TrainingManager& training,
                  QObject* parent = nullptr);
    ~TrainingQueue() override;

    const std::vector<QueueItem>& items() const { return m_items; }
    /// False until the list of before is there.
    bool isRead() const { return m_isRead; }
    std::size_t waiting() const;
    /// Whether nothing begins by itself.
    bool isHeld() const { return m_isHeld; }

    /// To the end; it has model and data. Where nothing waits yet and no run is there, the queue is held
    /// first: it is being put together.
    void add(const TrainingChoice& choice);
    /// Nothing more begins until goOn(); the run that is there goes on.
    void hold();
    /// The next one begins as soon as no run is there.
    void goOn();
    /// Before (`by` < 0) or behind its neighbours; not one that goes.
    void move(quint64 id, int by);
    /// Takes it off; not one that goes.
    void remove(quint64 id);
    /// Puts a failed one at the end of those that wait.
    void tryAgain(quint64 id);
    /// A run that is at rest has another name on the disk.
    void takeNewName(const QString& run, const QString& name);

Q_SIGNALS:
    /// Items, their order or isHeld() are others.
    void changed();
    /// Told after the next one has begun, where there is one.
    void failed(const llamahome::managers::QueueItem& item);

private:
    QueueItem* find(quint64 id);
    QueueItem* going();
    void drop(const QueueItem& item);
    TrainingChoice choiceOf(const jobs::QueuedRun& run) const;
    void takeRead(std::vector<jobs::QueuedRun> list);
    void followRun();
    void onStateChanged();
    void onRested(const std::optional<Error>& error);
    void advance();
    /// Tells those failures, and its own, once the next one has begun.
    void advanceAfter(std::vector<QueueItem> failures);
    bool beginsOne(std::vector<QueueItem>& failures);
    void keep();
    void tell();

    ManagerContext& m_context;
    ModelManager& m_models;
    TrainingManager& m_training;
    std::vector<QueueItem> m_items;
    std::shared_ptr<ListKeeper<jobs::QueuedRun>> m_keeper;
    quint64 m_nextId = 1;
    bool m_isRead = false;
    bool m_isHeld = false;
    bool m_isAdvancing = false;
};

} // namespace llamahome::managers
