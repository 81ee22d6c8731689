// DiagnosticsWriter: a text file with version, machine and log, for whoever helps a user. A QObject; GUI
// thread, examined and written on the file pool.
#pragma once

#include <QObject>
#include <QString>

#include "core/error.h"
#include "managers/job.h"
#include "managers/log_store.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class DiagnosticsWriter final : public QObject {
    Q_OBJECT

public:
    /// Both outlive it.
    DiagnosticsWriter(ManagerContext& context, const LogStore& log, QObject* parent = nullptr);

    /// "llamahome-report-2026-01-31.txt".
    QString proposedName() const;
    /// Writes the report to `path`, replacing a file of that name; ends with saved() or failed(). Secrets are
    /// out of the log before it gets here; the home folder is written as ~.
    Job* save(const QString& path);

Q_SIGNALS:
    void saved(const QString& path);
    void failed(const llamahome::Error& error);

private:
    ManagerContext& m_context;
    const LogStore& m_log;
};

} // namespace llamahome::managers
