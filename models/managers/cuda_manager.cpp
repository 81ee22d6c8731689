#include "managers/cuda_manager.h"

#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/network_access.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

QString bytesText(std::uint64_t bytes) {
    return toQt(formatBytes(bytes));
}

} // namespace

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
            if (reading == m_readings) show(finding);
        });
}

void CudaManager::show(const Finding& finding) {
    m_finding = finding;
    const jobs::CudaState& component = finding.component;
    QString card = finding.machine.gpus.empty() ? tr("An NVIDIA card") : toQt(finding.machine.gpus.front());
    card = tr("%1, driver %2.").arg(card, toQt(finding.machine.nvidiaDriver));
    if (component.isInstalled) {
        m_state = State::Installed;
        m_text = tr("The CUDA component is installed, %1.").arg(bytesText(component.presentBytes));
    } else if (component.presentBytes > 0) {
        m_state = State::Begun;
        const QString words = component.isBegun ? tr("The CUDA component is begun, %1 are on the disk.")
                                                : tr("A CUDA component of another version is there, %1.");
        m_text = words.arg(bytesText(component.presentBytes));
    } else {
        m_state = finding.misfit ? State::OfNoUse : State::Absent;
        m_text = tr("The CUDA component, which it needs to compute, is not installed.");
    }
    if (!finding.misfit)
        m_text = card + u' ' + m_text;
    else if (m_state == State::OfNoUse && finding.misfit->code == codes::kNoGraphicsCard)
        m_text = tr("No NVIDIA card was found; everything runs on the processor.");
    else
        m_text = toQt(finding.misfit->message) + QStringLiteral(". ") + m_text;
    Q_EMIT changed();
}

QString CudaManager::installQuestion() const {
    if (!m_finding) return {};
    return tr("Fetch %1 from the Python package index? It takes %2 in %3. Driver found: %4, needed: %5 or "
              "newer. "
              "These are NVIDIA's libraries, under NVIDIA's licence.")
        .arg(bytesText(m_finding->component.downloadBytes), bytesText(m_finding->component.unpackedBytes),
             pathToQt(m_finding->component.folder), toQt(m_finding->machine.nvidiaDriver),
             toQt(m_place.component.neededDriver));
}

QString CudaManager::removeQuestion() const {
    if (!m_finding) return {};
    return tr("Remove the CUDA component? This frees %1. It can be fetched again.")
        .arg(bytesText(m_finding->component.presentBytes));
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
         rule = m_settings.settings().model.hub.network,
         files = workspace.files](const JobControl& control) -> Result<jobs::CudaState> {
            if (!index) return index.error();
            const auto held = lock->acquire();
            if (!held) return held.error();
            const auto transport = jobs::openNetwork(rule);
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
