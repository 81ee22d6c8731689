#include "managers/cuda_manager.h"

#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/system/network_access.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"

namespace llamahome::managers {

CudaManager::CudaManager(ManagerContext& context, const SettingsManager& settings, Place place,
                         QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_settings(settings)
    , m_place(std::move(place)) {}

CudaManager::CudaManager(ManagerContext& context, const SettingsManager& settings, QObject* parent)
    : CudaManager(context, settings, Place(), parent) {}

bool CudaManager::canInstall() const {
    return m_finding && !m_finding->misfit && !m_finding->component.isInstalled;
}

bool CudaManager::canRemove() const {
    return m_finding && m_finding->component.presentBytes > 0;
}

void CudaManager::refresh() {
    runTask<Finding>(
        m_context.filePool, m_context.jobs,
        [place = m_place, root = m_context.workspace.root] {
            Finding finding{jobs::cudaState(root, place.component), place.machine(), {}};
            if (auto fits = jobs::checkCudaMachine(place.component, finding.machine); !fits)
                finding.misfit = fits.error();
            return finding;
        },
        this,
        [this, reading = ++m_readings](const Finding& finding) {
            if (reading != m_readings) return;
            m_finding = finding;
            Q_EMIT changed();
        });
}

CudaManager::State CudaManager::state() const {
    if (!m_finding) return State::Unknown;
    if (m_finding->component.isInstalled) return State::Installed;
    if (canRemove()) return State::Begun;
    return m_finding->misfit ? State::OfNoUse : State::Absent;
}

QString CudaManager::text() const {
    if (!m_finding) return {};
    const auto& misfit = m_finding->misfit;
    if (state() == State::OfNoUse && misfit->code == codes::kNoGraphicsCard)
        return tr("No NVIDIA card was found; everything runs on the processor.");
    const jobs::MachineFacts& machine = m_finding->machine;
    const QString card = machine.gpus.empty() ? tr("An NVIDIA card") : toQt(machine.gpus.front());
    const QString about =
        misfit ? toQt(misfit->message) + u'.' : tr("%1, driver %2.").arg(card, toQt(machine.nvidiaDriver));
    return about + u' ' + componentText();
}

QString CudaManager::componentText() const {
    const jobs::CudaState& component = m_finding->component;
    const QString present = toQt(formatBytes(component.presentBytes));
    if (component.isInstalled) return tr("The CUDA component is installed, %1.").arg(present);
    if (component.isBegun) return tr("The CUDA component is begun, %1 are on the disk.").arg(present);
    if (canRemove()) return tr("A CUDA component of another version is there, %1.").arg(present);
    return tr("The CUDA component, which it needs to compute, is not installed.");
}

QString CudaManager::installQuestion() const {
    if (!m_finding) return {};
    return tr("Fetch %1 from the Python package index? It takes %2 in %3. Driver found: %4, needed: %5 or "
              "newer. These are NVIDIA's libraries, under NVIDIA's licence.")
        .arg(toQt(formatBytes(m_finding->component.downloadBytes)),
             toQt(formatBytes(m_finding->component.unpackedBytes)), pathToQt(m_finding->component.folder),
             toQt(m_finding->machine.nvidiaDriver), toQt(m_place.component.neededDriver));
}

QString CudaManager::removeQuestion() const {
    if (!m_finding) return {};
    return tr("Remove the CUDA component? This frees %1. It can be fetched again.")
        .arg(toQt(formatBytes(m_finding->component.presentBytes)));
}

void CudaManager::follow(Job& job) {
    m_job = &job;
    connect(&job, &Job::finished, this, [this] {
        if (m_job != nullptr && m_job->error()) Q_EMIT failed(*m_job->error());
        refresh();
    });
    Q_EMIT changed();
}

void CudaManager::install() {
    if (job() != nullptr) return;
    Job& job = m_context.jobs.start(JobKind::Download, tr("Installing the CUDA component"));
    job.setCommandLine(QStringLiteral("llamahome doctor --install-cuda"));
    follow(job);
    const Workspace& workspace = m_context.workspace;
    runJob<jobs::CudaState>(
        m_context.jobPool, m_context.jobs, job, *workspace.clock,
        [lock = &m_context.lock, place = m_place, index = jobs::pythonIndex(workspace.environment),
         hub = m_settings.settings().model.hub, environment = workspace.environment,
         files = workspace.files](const JobControl& control) -> Result<jobs::CudaState> {
            if (!index) return index.error();
            const auto held = lock->acquire();
            if (!held) return held.error();
            const auto rules = jobs::networkRules(hub, environment);
            if (!rules) return rules.error();
            const auto transport = jobs::openNetwork(*rules);
            if (!transport) return transport.error();
            return jobs::installCuda({*index, place.component, **transport}, place.machine(), **held, *files,
                                     control.cancel, control.progress);
        },
        this, {});
}

void CudaManager::remove() {
    if (job() != nullptr) return;
    Job& job = m_context.jobs.start(JobKind::Remove, tr("Removing the CUDA component"));
    job.setCommandLine(QStringLiteral("llamahome doctor --remove-cuda"));
    follow(job);
    runJob<std::uint64_t>(m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
                          [lock = &m_context.lock,
                           files = m_context.workspace.files](const JobControl&) -> Result<std::uint64_t> {
                              const auto held = lock->acquire();
                              if (!held) return held.error();
                              return jobs::removeCuda(**held, *files);
                          },
                          this, {});
}

} // namespace llamahome::managers
