// DownloadManager: the queue of downloads and those that have ended, kept over restarts. Two go at a time,
// beside all other work. A QObject; GUI thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QObject>
#include <QString>

#include "jobs/download/download_history.h"
#include "jobs/download/download_offer.h"
#include "managers/download_item.h"
#include "managers/job.h"
#include "managers/list_keeper.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class SettingsManager;

class DownloadManager final : public QObject {
    Q_OBJECT

public:
    static constexpr std::size_t kAtOnce = 2; ///< of those that wait the others follow

    /// Reads the list of before, and what lies on the disk half fetched: that is paused. Both outlive it.
    DownloadManager(ManagerContext& context, const SettingsManager& settings, QObject* parent = nullptr);
    ~DownloadManager() override;

    /// The queue in its order, then what has ended, newest first.
    const std::vector<DownloadItem>& items() const { return m_items; }
    /// Null: there is none of that id any more.
    const DownloadItem* find(quint64 id) const;
    /// False until the list of before is there.
    bool isRead() const { return m_isRead; }
    /// Looks again at what lies on the disk half fetched; what was removed leaves the queue.
    void refresh();

    /// Asks a source what it has of a model; offered() follows, or the job's error. Nothing is fetched.
    Job* ask(const DownloadWish& wish);
    /// Puts it at the end of the queue, or goes on with what is there of that name; a model that is there is
    /// checked, and its damaged files come anew. Its job waits for those before it and ends with
    /// downloaded(), or with its error. Gives the item's id.
    quint64 start(const DownloadWish& wish);
    /// The job of the item that is to do; null: none of this session.
    Job* jobOf(quint64 id) const;
    /// The unfinished item of a name; null: none.
    const DownloadItem* unfinishedOf(const QString& name) const;

    /// Stops it; what was received is kept.
    void pause(quint64 id);
    /// Goes on with what is paused, or tries again what failed. `secret` in place of that it has, where it is
    /// not empty.
    void goOn(quint64 id, const QString& secret = {});
    /// Whether going on needs Meta's link first, which nobody keeps.
    bool wantsLink(quint64 id) const;
    /// Before (`by` < 0) or behind its neighbours in the queue.
    void move(quint64 id, int by);
    /// Of one download's files this one comes next.
    void putFirst(quint64 id, const std::string& path);
    /// Takes it off the list. What was received stays on the disk, and comes back with refresh().
    void forget(quint64 id);
    /// Forgets what has ended.
    void clearEnded();

    /// The page where a Hub id's licence is accepted and asked for; empty for a name that is none.
    QString hubPage(const QString& name) const;
    /// For a shell.
    QString commandOf(const DownloadWish& wish) const;

Q_SIGNALS:
    /// Items have come, gone, or have another order.
    void itemsChanged();
    void itemChanged(quint64 id);
    void offered(const llamahome::managers::Job* job, const llamahome::jobs::DownloadOffer& offer);
    void failed(quint64 id, const llamahome::Error& error);
    void downloaded(quint64 id, const llamahome::jobs::DownloadResult& result);

private:
    struct Reading {
        std::vector<jobs::KeptDownload> list;
        std::vector<std::string> rootWords; ///< {"--root", PATH} where a shell would take another root
    };

    DownloadItem* edit(quint64 id);
    DownloadItem take(const DownloadItem& item);
    std::vector<DownloadItem>::iterator firstEnded();
    std::vector<jobs::KeptDownload> keptItems() const;
    void takeReading(const Reading& reading);
    void enqueue(DownloadItem& item);
    void startNext();
    void begin(DownloadItem& item);
    void takeStatus(quint64 id, const download::SetStatus& status);
    void takeEnd(quint64 id, const Result<jobs::DownloadResult>& result);
    void onJobChanged(Job* job);
    void shareLimit();
    void keep();
    void tellList();

    ManagerContext& m_context;
    const SettingsManager& m_settings;
    std::vector<DownloadItem> m_items;
    std::map<quint64, std::shared_ptr<download::TransferControl>> m_controls; ///< of those that go, by id
    std::vector<std::string> m_rootWords;
    std::shared_ptr<ListKeeper<jobs::KeptDownload>> m_keeper;
    quint64 m_nextId = 1;
    quint64 m_version = 0; ///< of the list
    bool m_isRead = false;
    FilePool m_pool;    ///< so that imports and checks need not wait for hours
    FilePool m_askPool; ///< so that a question needs not either
};

} // namespace llamahome::managers
