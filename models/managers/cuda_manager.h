// CudaManager: the CUDA component as the window shows and changes it. A QObject; GUI thread.
#pragma once

#include <functional>
#include <optional>

#include <QObject>
#include <QPointer>
#include <QString>

#include "jobs/system/cuda_component.h"
#include "managers/job.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class SettingsManager;

class CudaManager final : public QObject {
    Q_OBJECT

public:
    /// What is looked at; a test brings its own.
    struct Place {
        const jobs::CudaComponent& component = jobs::cudaComponent();
        std::function<jobs::MachineFacts()> machine = jobs::machineFacts; ///< called on the file pool
    };

    /// All outlive it. Looks for nothing before refresh().
    CudaManager(ManagerContext& context, const SettingsManager& settings, Place place,
                QObject* parent = nullptr);
    CudaManager(ManagerContext& context, const SettingsManager& settings, QObject* parent = nullptr);

    enum class State { Unknown, OfNoUse, Absent, Begun, Installed };
    State state() const;
    bool canInstall() const;
    /// Whether anything of it is on the disk.
    bool canRemove() const;
    /// The state in a sentence: card, driver, sizes.
    QString text() const;
    /// What installing fetches, takes and needs, for the question before it.
    QString installQuestion() const;
    /// What removing frees.
    QString removeQuestion() const;
    /// The installation or removal that runs; null: none.
    Job* job() const { return m_job != nullptr && m_job->isActive() ? m_job.data() : nullptr; }

    /// Looks at the machine and the data root; changed() follows.
    void refresh();
    /// Starts the job, and refreshes when it has ended. Nothing happens while one runs.
    void install();
    void remove();

Q_SIGNALS:
    /// The state, or whether a job runs, is another.
    void changed();
    void failed(const llamahome::Error& error);

private:
    struct Finding {
        jobs::CudaState component;
        jobs::MachineFacts machine;
        std::optional<Error> misfit;
    };
    QString componentText() const;
    void follow(Job& job);

    ManagerContext& m_context;
    const SettingsManager& m_settings;
    Place m_place;
    std::optional<Finding> m_finding;
    quint64 m_readings = 0; ///< begun so far: an older one that arrives later is dropped
    QPointer<Job> m_job;
};

} // namespace llamahome::managers
