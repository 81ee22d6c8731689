#include "managers/download_manager.h"

#include <memory>
#include <utility>

#include "core/error_codes.h"
#include "jobs/download/fetch_files.h"
#include "jobs/system/hub_tokens.h"
#include "jobs/system/network_access.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

constexpr const char* kNameProperty = "downloadName";

/// What the work on the pool needs of the window, as values.
struct Wish {
    std::string name;
    std::string token;
    bool everyByte = false;
    config::HubSettings hub;
};

Result<jobs::DownloadRequest> requestOf(const Wish& wish, const Workspace& workspace) {
    const jobs::Library library(workspace.root, workspace.catalog);
    auto target = jobs::downloadTarget(library, {wish.name}, workspace.environment);
    if (!target) return target.error();
    auto tokens = jobs::HubTokens::of(wish.hub, workspace.environment);
    if (!tokens) return tokens.error();
    jobs::DownloadRequest request;
    request.target = std::move(*target);
    request.everyByte = wish.everyByte;
    request.hub = {tokens->endpoint(), wish.token};
    request.hubMirror = wish.hub.mirror;
    if (!wish.token.empty()) return request;
    auto token = tokens->find();
    if (!token) return token.error();
    request.hub.token = std::move(token->text);
    return request;
}

Result<jobs::DownloadResult> fetch(const Wish& wish, const Workspace& workspace, LockKeeper& lock,
                                   const JobControl& control) {
    const auto request = requestOf(wish, workspace);
    if (!request) return request.error();
    const auto rules = jobs::networkRules(wish.hub, workspace.environment);
    if (!rules) return rules.error();
    const auto transport = jobs::openNetwork(*rules);
    if (!transport) return transport.error();
    const jobs::DownloadTools tools{**transport, *workspace.files, jobs::fetchFiles(*rules, *workspace.files),
                                    [&lock] { return lock.acquire(); }};
    const jobs::Library library(workspace.root, workspace.catalog);
    return jobs::downloadModel(*request, library, tools, control.cancel, control.progress);
}

} // namespace

DownloadManager::DownloadManager(ManagerContext& context, const SettingsManager& settings, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_settings(settings) {}

Job* DownloadManager::download(const QString& name, const QString& token) {
    return start(name, token, false);
}

Job* DownloadManager::repair(const QString& name) {
    return start(name, {}, true);
}

Job* DownloadManager::jobOf(const QString& name) const {
    for (Job* job : m_context.jobs.activeJobs())
        if (nameOf(*job) == name) return job;
    return nullptr;
}

QString DownloadManager::nameOf(const Job& job) {
    return job.property(kNameProperty).toString();
}

bool DownloadManager::wantsToken(const Error& error) {
    return error.code == codes::kHubNotFound || error.code == codes::kHubGated ||
           error.code == codes::kHubToken;
}

Job* DownloadManager::start(const QString& name, const QString& token, bool everyByte) {
    if (Job* active = jobOf(name)) return active;
    Job& job = m_context.jobs.start(JobKind::Download, tr("Downloading %1").arg(name));
    job.setProperty(kNameProperty, name);
    job.setCommandLine(QStringLiteral("llamahome download ") + name +
                       (everyByte ? QStringLiteral(" --repair") : QString()));
    const Wish wish{fromQt(name), fromQt(token), everyByte, m_settings.settings().model.hub};
    runJob<jobs::DownloadResult>(
        m_pool, m_context.jobs, job, *m_context.workspace.clock,
        [wish, lock = &m_context.lock, workspace = m_context.workspace](const JobControl& control) {
            return fetch(wish, workspace, *lock, control);
        },
        this,
        [this, job = QPointer<Job>(&job)](const Result<jobs::DownloadResult>& result) {
            if (result) Q_EMIT downloaded(job, *result);
        });
    return &job;
}

} // namespace llamahome::managers
