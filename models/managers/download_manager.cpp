#include "managers/download_manager.h"

#include <algorithm>
#include <utility>

#include <QDateTime>
#include <QPointer>

#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "managers/download_work.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/train_command.h"

namespace llamahome::managers {
namespace {

bool isOfQueue(const DownloadItem& item) {
    return !item.hasEnded();
}

/// The sum of all files as a job tells it; what nothing arrives for stands with the files.
Progress progressOf(const download::SetStatus& status) {
    return {{}, status.doneBytes, status.totalBytes, "bytes"};
}

bool isLinkRefused(const Error& error) {
    return error.code == codes::kMetaLink || error.code == codes::kMetaLinkExpired;
}

std::optional<double> secondsLeft(const download::SetStatus& status) {
    if (status.bytesPerSecond <= 0.0 || status.totalBytes < status.doneBytes) return std::nullopt;
    return static_cast<double>(status.totalBytes - status.doneBytes) / status.bytesPerSecond;
}

constexpr ListKeeper<jobs::KeptDownload>::Format kListFormat{"the list of downloads", jobs::readDownloads,
                                                             jobs::writeDownloads};

} // namespace

DownloadManager::DownloadManager(ManagerContext& context, const SettingsManager& settings, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_settings(settings)
    , m_keeper(std::make_shared<ListKeeper<jobs::KeptDownload>>(context.workspace.root,
                                                                *context.workspace.files, kListFormat)) {
    connect(&m_context.jobs, &JobList::jobChanged, this, &DownloadManager::onJobChanged);
    connect(&m_settings, &SettingsManager::settingsChanged, this, &DownloadManager::shareLimit);
    refresh();
}

DownloadManager::~DownloadManager() = default;

const DownloadItem* DownloadManager::find(quint64 id) const {
    const auto found =
        std::find_if(m_items.begin(), m_items.end(), [id](const auto& item) { return item.id == id; });
    return found == m_items.end() ? nullptr : &*found;
}

DownloadItem* DownloadManager::edit(quint64 id) {
    return const_cast<DownloadItem*>(std::as_const(*this).find(id));
}

DownloadItem DownloadManager::take(const DownloadItem& item) {
    const auto place = m_items.begin() + (&item - m_items.data());
    DownloadItem taken = std::move(*place);
    m_items.erase(place);
    return taken;
}

std::vector<DownloadItem>::iterator DownloadManager::firstEnded() {
    return std::find_if_not(m_items.begin(), m_items.end(), isOfQueue);
}

Job* DownloadManager::jobOf(quint64 id) const {
    const DownloadItem* item = find(id);
    return item == nullptr || item->jobId == 0 ? nullptr : m_context.jobs.find(item->jobId);
}

const DownloadItem* DownloadManager::unfinishedOf(const QString& name) const {
    const auto found = std::find_if(m_items.begin(), m_items.end(), [&](const DownloadItem& item) {
        return isOfQueue(item) && item.wish.name == name;
    });
    return found == m_items.end() ? nullptr : &*found;
}

std::vector<jobs::KeptDownload> DownloadManager::keptItems() const {
    std::vector<jobs::KeptDownload> kept;
    for (const DownloadItem& item : m_items)
        kept.push_back(keptOf(item));
    return kept;
}

void DownloadManager::refresh() {
    runTask<Reading>(
        m_context.filePool, m_context.jobs,
        [keeper = m_keeper, wasRead = m_isRead, kept = keptItems(), workspace = m_context.workspace,
         settings = m_settings.settings()] {
            const jobs::Library library(workspace.root, workspace.catalog);
            return Reading{jobs::withUnfinished(wasRead ? kept : keeper->read(), library),
                           rootWordsFor(workspace, settings)};
        },
        this,
        [this, version = m_version](const Reading& reading) {
            if (version == m_version)
                takeReading(reading);
            else
                refresh(); // it was looked at before the list became another
        });
}

/// Items that were asked for meanwhile stay; those that go tell more than the disk does.
void DownloadManager::takeReading(const Reading& reading) {
    m_rootWords = reading.rootWords;
    const std::vector<jobs::KeptDownload> before = keptItems();
    const auto isRead = [&](const DownloadItem& item) {
        return std::any_of(reading.list.begin(), reading.list.end(), [&](const auto& kept) {
            return toQt(kept.name) == item.wish.name && kept.fate == jobs::DownloadFate::Unfinished;
        });
    };
    std::erase_if(m_items, [&](const DownloadItem& item) {
        return m_isRead && item.state == DownloadState::Paused && !isRead(item);
    });
    for (const jobs::KeptDownload& kept : reading.list) {
        const bool isEnded = kept.fate != jobs::DownloadFate::Unfinished;
        if (isEnded && m_isRead) continue; // they are ours
        const DownloadItem* there = isEnded ? nullptr : unfinishedOf(toQt(kept.name));
        if (there == nullptr) {
            m_items.insert(isEnded ? m_items.end() : firstEnded(), itemOf(kept, m_nextId++));
        } else if (there->state == DownloadState::Paused) {
            edit(there->id)->doneBytes = kept.doneBytes;
        }
    }
    const bool isFirst = !std::exchange(m_isRead, true);
    if (isFirst || keptItems() != before) tellList();
}

Job* DownloadManager::ask(const DownloadWish& wish) {
    Job& job = m_context.jobs.start(JobKind::Inspect, tr("Asking what there is of %1").arg(wish.name));
    const DownloadWork work{wish, m_settings.settings().model.hub, m_context.workspace};
    runJob<jobs::DownloadOffer>(
        m_askPool, m_context.jobs, job, *m_context.workspace.clock,
        [work](const JobControl& control) { return askSource(work, control.cancel); }, this,
        [this, job = QPointer<Job>(&job)](const Result<jobs::DownloadOffer>& offer) {
            if (offer && job) Q_EMIT offered(job, *offer);
        });
    return &job;
}

quint64 DownloadManager::start(const DownloadWish& wish) {
    if (const DownloadItem* there = unfinishedOf(wish.name)) {
        const quint64 id = there->id;
        if (there->isActive()) return id;
        edit(id)->wish = wish;
        goOn(id, wish.secret);
        return id;
    }
    std::erase_if(m_items, [&](const DownloadItem& item) {
        return item.state == DownloadState::Failed && item.wish.name == wish.name;
    });
    DownloadItem item;
    item.id = m_nextId++;
    item.wish = wish;
    const auto place = m_items.insert(firstEnded(), std::move(item));
    const quint64 id = place->id;
    enqueue(*place);
    return id;
}

/// Its job is there at once, so that whoever closes the window hears of it.
void DownloadManager::enqueue(DownloadItem& item) {
    const quint64 id = item.id;
    item.state = DownloadState::Waiting;
    item.failure.clear();
    item.failureCode.clear();
    Job& job = m_context.jobs.start(JobKind::Download, tr("Downloading %1").arg(item.wish.name));
    job.setCommandLine(commandOf(item.wish));
    edit(id)->jobId = job.id();
    startNext();
    tellList();
}

void DownloadManager::startNext() {
    const auto goes = [](const DownloadItem& item) {
        return item.state == DownloadState::Running || item.state == DownloadState::Stopping;
    };
    auto going = static_cast<std::size_t>(std::count_if(m_items.begin(), m_items.end(), goes));
    for (DownloadItem& item : m_items) {
        if (going >= kAtOnce) break;
        if (item.state != DownloadState::Waiting || jobOf(item.id) == nullptr) continue;
        begin(item);
        ++going;
    }
    shareLimit();
}

void DownloadManager::begin(DownloadItem& item) {
    const quint64 id = item.id;
    item.state = DownloadState::Running;
    item.status = {};
    const auto control = std::make_shared<download::TransferControl>();
    m_controls[id] = control;
    const QPointer<DownloadManager> self(this);
    JobList& jobs = m_context.jobs;
    const jobs::FetchWatch watch{[self, &jobs, id](const download::SetStatus& status) {
                                     jobs.post([self, id, status] {
                                         if (self) self->takeStatus(id, status);
                                     });
                                 },
                                 control};
    const DownloadWork work{item.wish, m_settings.settings().model.hub, m_context.workspace};
    runJob<jobs::DownloadResult>(
        m_pool, jobs, *jobs.find(item.jobId), *m_context.workspace.clock,
        [work, watch, lock = &m_context.lock](const JobControl& job) {
            return fetchWanted(work, *lock, job, watch);
        },
        this, [this, id](const Result<jobs::DownloadResult>& result) { takeEnd(id, result); });
}

void DownloadManager::takeStatus(quint64 id, const download::SetStatus& status) {
    DownloadItem* item = edit(id);
    Job* job = jobOf(id);
    if (item == nullptr || job == nullptr || !job->isActive()) return;
    item->status = status;
    item->doneBytes = status.doneBytes;
    item->totalBytes = status.totalBytes;
    job->setSecondsLeft(secondsLeft(status));
    job->setRate(status.bytesPerSecond);  // what was kept from before is no speed
    job->setProgress(progressOf(status)); // itemChanged() follows
}

void DownloadManager::takeEnd(quint64 id, const Result<jobs::DownloadResult>& result) {
    m_controls.erase(id);
    DownloadItem* item = edit(id);
    if (item != nullptr) {
        if (result) {
            item->state = DownloadState::Done;
            item->wish.secret.clear();
            item->repaired = result->repaired;
            item->doneBytes = item->totalBytes = result->entry.sizeBytes;
        } else if (result.error().code == codes::kCancelled) {
            item->state = DownloadState::Paused;
        } else {
            item->state = DownloadState::Failed;
            item->failureCode = std::string(result.error().code.text);
            item->failure = result.error().message;
            if (isLinkRefused(result.error())) item->wish.secret.clear(); // the next try asks for another
        }
        if (item->hasEnded()) {
            DownloadItem ended = take(*item);
            ended.endedSeconds = QDateTime::currentSecsSinceEpoch();
            m_items.insert(firstEnded(), std::move(ended));
        }
    }
    startNext();
    tellList();
    if (result)
        Q_EMIT downloaded(id, *result);
    else if (result.error().code != codes::kCancelled)
        Q_EMIT failed(id, result.error());
}

/// What a job of the queue is told from elsewhere: the status bar, the end of the window.
void DownloadManager::onJobChanged(Job* job) {
    const auto found = std::find_if(m_items.begin(), m_items.end(), [&](const DownloadItem& item) {
        return item.jobId == job->id() && item.isActive();
    });
    if (found == m_items.end()) return;
    const quint64 id = found->id;
    if (job->state() == JobState::Stopping && found->state == DownloadState::Waiting) {
        found->state = DownloadState::Paused;
        job->finish(cancelledBeforeStart());
        tellList();
        return;
    }
    if (job->state() == JobState::Stopping) found->state = DownloadState::Stopping;
    if (const Progress& progress = job->progress(); found->status.files.empty() && progress.total > 0) {
        found->doneBytes = progress.done; // a copy, or a check of what is there
        found->totalBytes = progress.total;
    }
    Q_EMIT itemChanged(id);
}

void DownloadManager::pause(quint64 id) {
    if (Job* job = jobOf(id)) job->cancel();
}

void DownloadManager::goOn(quint64 id, const QString& secret) {
    DownloadItem* item = edit(id);
    if (item == nullptr || item->isActive() || item->state == DownloadState::Done) return;
    if (!secret.isEmpty()) item->wish.secret = secret;
    if (item->state == DownloadState::Failed) { // to the end of the queue
        DownloadItem again = take(*item);
        again.endedSeconds = 0;
        again.state = DownloadState::Paused;
        item = &*m_items.insert(firstEnded(), std::move(again));
    }
    enqueue(*item);
}

bool DownloadManager::wantsLink(quint64 id) const {
    const DownloadItem* item = find(id);
    return item != nullptr && item->wish.source == jobs::DownloadSource::Meta && item->wish.secret.isEmpty();
}

void DownloadManager::move(quint64 id, int by) {
    const DownloadItem* item = find(id);
    if (item == nullptr || item->hasEnded()) return;
    const auto queued = static_cast<std::size_t>(firstEnded() - m_items.begin());
    if (moveBy(m_items, *item, by, queued)) tellList();
}

void DownloadManager::putFirst(quint64 id, const std::string& path) {
    if (const auto control = m_controls.find(id); control != m_controls.end())
        control->second->putFirst(path);
}

void DownloadManager::forget(quint64 id) {
    const DownloadItem* item = find(id);
    if (item == nullptr || item->isActive()) return;
    take(*item);
    tellList();
}

void DownloadManager::clearEnded() {
    m_items.erase(firstEnded(), m_items.end());
    tellList();
}

/// All that go together keep to the limit.
void DownloadManager::shareLimit() {
    const std::uint64_t limit = jobs::speedLimit(m_settings.settings().model.hub);
    for (const auto& [id, control] : m_controls)
        control->setLimit(limit == 0 ? 0 : std::max<std::uint64_t>(limit / m_controls.size(), 1));
}

void DownloadManager::tellList() {
    ++m_version;
    keep();
    Q_EMIT itemsChanged();
}

/// Not before the list of before is there, which it would replace.
void DownloadManager::keep() {
    if (!m_isRead) return;
    m_keeper->put(keptItems());
    m_context.filePool.post([keeper = m_keeper] { keeper->drain(); });
}

QString DownloadManager::hubPage(const QString& name) const {
    const config::Catalog& catalog = m_context.workspace.catalog;
    QString words = name;
    const QStringList parts = words.replace(u' ', u'/').split(u'/', Qt::SkipEmptyParts);
    if (parts.size() != 2) return {};
    std::string id = fromQt(parts.join(u'/'));
    if (const auto known = catalog.find(fromQt(parts[0]), fromQt(parts[1])); known && !known->hubId.empty())
        id = known->hubId;
    else if (catalog.findFamily(fromQt(parts[0])) != nullptr || !download::isHubId(id))
        return {};
    return toQt(std::string(download::kHubSite) + "/" + id);
}

QString DownloadManager::commandOf(const DownloadWish& wish) const {
    std::vector<std::string> words{"llamahome"};
    words.insert(words.end(), m_rootWords.begin(), m_rootWords.end());
    const std::vector<std::string> rest = commandWords(wish);
    words.insert(words.end(), rest.begin(), rest.end());
    return toQt(shellLine(words));
}

} // namespace llamahome::managers
