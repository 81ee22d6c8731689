// DownloadManager: models from the Hub, two at a time, beside all other work. A QObject; GUI thread.
#pragma once

#include <QObject>
#include <QString>

#include "jobs/download/download_model.h"
#include "managers/job.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class SettingsManager;

class DownloadManager final : public QObject {
    Q_OBJECT

public:
    /// Both outlive it.
    DownloadManager(ManagerContext& context, const SettingsManager& settings, QObject* parent = nullptr);

    /// Gets a model by the name that it has in the list ("smollm2/135m-instruct") or by any Hub id, or goes
    /// on with it; one that is there is checked, and its damaged files come anew. `token` in place of the one
    /// that the environment has; it is not kept. The job waits for those before it and ends with
    /// downloaded(), or with its error. While a job for that name is active, it is that one.
    Job* download(const QString& name, const QString& token = {});
    /// The same for a model that is there, every byte looked at.
    Job* repair(const QString& name);
    /// The active job for a name; null: none.
    Job* jobOf(const QString& name) const;
    /// The name that a job of download() is for; empty for other jobs.
    static QString nameOf(const Job& job);

    /// Whether an error may be cured by a token.
    static bool wantsToken(const Error& error);

Q_SIGNALS:
    void downloaded(const llamahome::managers::Job* job, const llamahome::jobs::DownloadResult& result);

private:
    Job* start(const QString& name, const QString& token, bool everyByte);

    ManagerContext& m_context;
    const SettingsManager& m_settings;
    FilePool m_pool; ///< so that imports and checks need not wait for hours
};

} // namespace llamahome::managers
