// RunEvaluator: measures what a run made, base and adapter, on rows that it did not learn from. A QObject;
// GUI thread, the work is on the engine thread.
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>

#include "core/error.h"
#include "jobs/train/evaluate_model.h"
#include "managers/job.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

struct EvaluationWish {
    QString run;
    QString file;        ///< with rows of the user's; empty: those that the run kept from training
    int answerRows = 20; ///< first rows whose question is answered
    int shownRows = jobs::kShownRows;
    jobs::AnswerMatch match = jobs::AnswerMatch::Auto;
};

/// One at a time. The result is kept in the run's folder: RunDetails has it.
class RunEvaluator final : public QObject {
    Q_OBJECT

public:
    /// `context` outlives it.
    explicit RunEvaluator(ManagerContext& context, QObject* parent = nullptr);
    /// Asks what runs to stop.
    ~RunEvaluator() override;

    /// As a job behind what the engine does already; evaluated() or failed() follows. Null, and nothing
    /// happens, while another is at work.
    Job* begin(const jobs::RunInfo& run, const EvaluationWish& wish, const QString& commandLine);
    void cancel();
    /// Null when none runs.
    Job* job() const { return m_job; }
    /// Whose evaluation runs; empty: none.
    QString runAtWork() const { return m_job ? m_run : QString(); }

Q_SIGNALS:
    /// job() is another.
    void changed();
    void evaluated(const QString& run);
    /// RUN-00 when it was stopped.
    void failed(const QString& run, const llamahome::Error& error);

private:
    void take(const QString& run, const Result<jobs::EvaluationReport>& report);

    ManagerContext& m_context;
    QPointer<Job> m_job;
    QString m_run;
};

/// The words of `llamahome evaluate` for it.
std::vector<std::string> evaluationWords(const EvaluationWish& wish);

} // namespace llamahome::managers
