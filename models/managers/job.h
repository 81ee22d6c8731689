// Job: one long action as the window shows it: import, verify, train, … A QObject; GUI thread.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <QObject>
#include <QString>

#include "core/cancel_token.h"
#include "core/error.h"
#include "core/progress.h"

namespace llamahome::managers {

enum class JobKind { Import, Verify, Remove, Inspect, Train, Chat, Report, Download, Export, Evaluate };

enum class JobState { Waiting, Running, Stopping, Done, Cancelled, Failed };

/// Made by JobList::start and owned by it. A job never starts work: the manager that made it does, and tells
/// it how the work goes (see run_job.h).
class Job final : public QObject {
    Q_OBJECT

public:
    /// `title` in words, as it stands in the status bar: "Importing SmolLM2".
    Job(quint64 id, JobKind kind, const QString& title, const Clock& clock, QObject* parent);

    quint64 id() const { return m_id; }
    JobKind kind() const { return m_kind; }
    QString title() const { return m_title; }
    JobState state() const { return m_state; }
    bool isActive() const { return m_state < JobState::Done; }
    const Progress& progress() const { return m_progress; }
    /// By the rate so far; nothing while it cannot be told.
    std::optional<double> secondsLeft() const {
        return m_secondsLeft ? m_secondsLeft : m_meter.secondsLeft();
    }
    std::optional<double> ratePerSecond() const { return m_rate ? m_rate : m_meter.ratePerSecond(); }
    /// Set in state Failed.
    const std::optional<Error>& error() const { return m_error; }
    /// The same job for a shell: "llamahome verify llama 3.2-1b"; empty where there is none.
    QString commandLine() const { return m_commandLine; }
    void setCommandLine(const QString& commandLine) { m_commandLine = commandLine; }
    /// What came of work that did all it had to, in a few words: "damaged: model.safetensors is missing";
    /// empty where "done" says it.
    QString outcome() const { return m_outcome; }
    void setOutcome(const QString& outcome);
    /// Whether what was cancelled can be continued: a training whose run is on the disk.
    bool canGoOn() const { return m_canGoOn; }
    void setCanGoOn();
    /// Whether it works with what lies in that folder, of a model or adapter, which must stay until it ends,
    /// or which it removes. Paths are compared by their words: two ways to a folder through a link are two
    /// folders, so that both sides take the path that the library has.
    bool uses(const std::filesystem::path& folder) const;
    void setFolders(std::vector<std::filesystem::path> folders) { m_folders = std::move(folders); }
    /// The flag that the work looks at.
    const CancelToken& cancelToken() const { return m_cancel; }

    /// Asks the work to stop; the state is Stopping until it has. Nothing happens to a job that has ended.
    void cancel();

    /// For the manager that made it.
    void setProgress(const Progress& progress);
    /// Where the manager knows better than the rate of the phase; told with the next change.
    void setSecondsLeft(std::optional<double> seconds) { m_secondsLeft = seconds; }
    void setRate(std::optional<double> perSecond) { m_rate = perSecond; }
    void setRunning();
    /// Ends the job: Done without an error, Cancelled for RUN-00, else Failed.
    void finish(const std::optional<Error>& error);

Q_SIGNALS:
    /// State, progress, outcome() or canGoOn() is another.
    void changed();
    /// The job has ended; its state says how. Once.
    void finished();

private:
    quint64 m_id;
    JobKind m_kind;
    QString m_title;
    QString m_commandLine;
    QString m_outcome;
    JobState m_state = JobState::Waiting;
    bool m_canGoOn = false;
    std::vector<std::filesystem::path> m_folders;
    Progress m_progress;
    ProgressMeter m_meter;
    std::optional<double> m_secondsLeft;
    std::optional<double> m_rate;
    std::optional<Error> m_error;
    CancelToken m_cancel;
};

} // namespace llamahome::managers
