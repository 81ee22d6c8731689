// RunManager: the training runs on disk: list, details, comparison, removal. A QObject; GUI thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QByteArray>
#include <QObject>
#include <QString>
#include <QStringList>

#include "config/settings.h"
#include "core/error.h"
#include "jobs/report/run_report.h"
#include "jobs/train/run_list.h"
#include "jobs/train/train_samples.h"
#include "managers/file_saver.h"
#include "managers/job.h"
#include "managers/manager_context.h"
#include "managers/metric_store.h"
#include "managers/run_evaluator.h"
#include "managers/run_note_keeper.h"

namespace llamahome::managers {

/// What a run's folder holds besides its numbers; see RunManager::metrics().
struct RunDetails {
    jobs::RunInfo info;
    std::vector<jobs::SampleAnswer> samples;
    std::optional<QString> note;                      ///< of a person; nothing where it cannot be read
    QString log;                                      ///< the last part of run.log
    std::optional<config::Settings> settings;         ///< as resolved; nothing where they cannot be read
    std::optional<jobs::EvaluationReport> evaluation; ///< the last one
};

/// The settings and facts in which runs differ.
struct RunComparison {
    std::vector<QString> names;
    struct Row {
        QString key;
        std::vector<QString> values; ///< one for each name
    };
    std::vector<Row> rows;
};

class RunManager final : public QObject {
    Q_OBJECT

public:
    static constexpr std::uint64_t kLogTail = 256U << 10; ///< bytes of run.log that are read

    explicit RunManager(ManagerContext& context, QObject* parent = nullptr);
    /// Waits until the notes are written.
    ~RunManager() override;

    /// Reads the list anew; runsChanged() follows. Done by itself when a run begins and after each job that
    /// trains or removes.
    void refresh();
    /// False until the first list is there.
    bool isListed() const { return m_isListed; }
    /// By name.
    const std::vector<jobs::RunInfo>& runs() const { return m_runs; }
    std::optional<jobs::RunInfo> find(const QString& name) const;

    /// Reads one run; detailsReady() follows, or failed(). Only the last one asked for is told. Its numbers
    /// come into metrics().
    void readDetails(const QString& name);
    MetricStore& metrics() { return m_metrics; }
    /// Two or more names; compared() follows, or failed(). Only the last comparison asked for is told. The
    /// numbers of each come into comparedMetrics().
    void compare(const std::vector<QString>& names);
    /// One store for each name of the last compare(), in its order.
    const std::vector<MetricStore*>& comparedMetrics() const { return m_compared; }
    /// Writes its numbers to `path` as metricCsv() has them, replacing a file of that name; exported()
    /// follows, or failed().
    void exportMetrics(const QString& name, const QString& path);
    /// One metric of the runs of the last compare(), which had those names, as comparedCsv() has it;
    /// exported() follows, or failed().
    void exportComparison(const std::vector<QString>& names, Metric metric, const QString& path);
    /// Writes a picture; exported() follows, or failed().
    void savePicture(const QString& path, const QByteArray& png);
    /// Measures base and adapter of a run, as evaluator() tells; its details follow anew by runsChanged().
    void evaluate(const EvaluationWish& wish);
    RunEvaluator& evaluator() { return m_evaluator; }
    /// Writes one HTML file with all that there is of the run, replacing a file of that name; reportSaved()
    /// follows, or failed().
    void saveReport(const QString& name, const QString& path);
    /// The same with these answers; of the first run that made one of the adapters, where there is one.
    /// comparisonSaved() follows, or comparisonFailed().
    void saveComparison(const std::vector<jobs::ComparedAnswers>& answers, const QStringList& adapters,
                        const QString& path);
    /// Replaces the note of a run; noteKept() follows, or failed(). One after the other, in order. What
    /// cannot be written is tried again with the next one and at the end.
    void setNote(const QString& name, const QString& note);
    /// Gives the run another name, see jobs::renameRun(); renamed() follows, or failed().
    void rename(const QString& name, const QString& newName);
    /// removalPlanned() follows, or failed().
    void planRemoval(const QString& name);
    /// Carries the plan out; removed() follows, or the job's error by failed().
    Job* remove(const jobs::RunRemovalPlan& plan);

    /// For a shell: "llamahome resume NAME".
    QString resumeCommand(const QString& name) const;
    QString showCommand(const QString& name) const;
    QString evaluateCommand(const EvaluationWish& wish) const;

Q_SIGNALS:
    void runsChanged();
    void detailsReady(const llamahome::managers::RunDetails& details);
    void compared(const llamahome::managers::RunComparison& comparison);
    void removalPlanned(const llamahome::jobs::RunRemovalPlan& plan);
    void exported(const QString& path);
    void reportSaved(const QString& path);
    void comparisonSaved(const QString& path);
    void comparisonFailed(const llamahome::Error& error);
    void noteKept(const QString& name);
    /// The list with the new name follows.
    void renamed(const QString& name, const QString& newName);
    void removed(const QString& name, quint64 freedBytes);
    /// What was asked for last could not be done; numbers that cannot be read too.
    void failed(const llamahome::Error& error);

private:
    struct Listing {
        std::vector<jobs::RunInfo> runs;
        std::vector<std::string> rootWords; ///< {"--root", PATH} where a shell would take another root
    };

    void follow(const Job* job);
    QString commandLine(std::vector<std::string> words) const;
    /// `name` empty: of no run.
    void writeReport(const std::string& name, std::vector<jobs::ComparedAnswers> answers, const QString& path,
                     std::function<void(const Result<void>&)> done);

    ManagerContext& m_context;
    FileSaver m_saver;
    RunEvaluator m_evaluator;
    MetricStore m_metrics;
    std::vector<MetricStore*> m_compared; ///< children of this
    std::vector<jobs::RunInfo> m_runs;
    std::vector<std::string> m_rootWords;
    std::shared_ptr<RunNoteKeeper> m_notes;
    quint64 m_followedJob = 0; ///< the training for whose run the list was read last
    bool m_isListed = false;
    quint64 m_listAsked = 0;
    quint64 m_detailsAsked = 0;
    quint64 m_comparisonAsked = 0;
};

} // namespace llamahome::managers
