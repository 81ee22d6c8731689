#include "managers/run_evaluator.h"

#include "jobs/train/evaluation_record.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace {

Result<jobs::EvaluationReport> evaluate(ManagerContext& context, const EvaluationWish& wish,
                                        const JobControl& control) {
    const Workspace& place = context.workspace;
    const auto run = jobs::findRun(place.root, fromQt(wish.run));
    if (!run) return run.error();
    std::optional<std::filesystem::path> file;
    if (!wish.file.isEmpty()) file = pathFromQt(wish.file);
    auto request = jobs::evaluationOfRun(*run, file, control.cancel, control.progress);
    if (!request) return request.error();
    request->answerRows = wish.answerRows;
    request->shownRows = wish.shownRows;
    request->match = wish.match;
    const auto engine = context.engine.engineFor(readSettings(place).resolved.values);
    if (!engine) return engine.error();
    auto report = jobs::evaluateModel(*request, **engine, *place.files, control.cancel, control.progress);
    if (!report) return report.error();
    if (auto kept = jobs::keepEvaluation(*place.files, run->path, *report, *place.clock); !kept)
        return kept.error();
    return report;
}

} // namespace

RunEvaluator::RunEvaluator(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context) {}

RunEvaluator::~RunEvaluator() {
    cancel();
}

Job* RunEvaluator::begin(const jobs::RunInfo& run, const EvaluationWish& wish, const QString& commandLine) {
    if (m_job) return nullptr;
    Job& job = m_context.jobs.start(JobKind::Evaluate, tr("Evaluating %1").arg(wish.run));
    job.setFolders({run.record.modelFolder, run.record.adapterFolder});
    job.setCommandLine(commandLine);
    m_job = &job;
    m_run = wish.run;
    Q_EMIT changed();
    runJob<jobs::EvaluationReport>(
        m_context.engine, m_context.jobs, job, *m_context.workspace.clock,
        [&context = m_context, wish](const JobControl& control) { return evaluate(context, wish, control); },
        this, [this, name = wish.run](const Result<jobs::EvaluationReport>& report) { take(name, report); });
    return &job;
}

void RunEvaluator::cancel() {
    if (m_job) m_job->cancel();
}

void RunEvaluator::take(const QString& run, const Result<jobs::EvaluationReport>& report) {
    m_job = nullptr;
    Q_EMIT changed();
    if (report)
        Q_EMIT evaluated(run);
    else
        Q_EMIT failed(run, report.error());
}

std::vector<std::string> evaluationWords(const EvaluationWish& wish) {
    std::vector<std::string> words{"evaluate", "--run", fromQt(wish.run)};
    if (!wish.file.isEmpty()) words.insert(words.end(), {"--data", fromQt(wish.file)});
    words.insert(words.end(), {"--answers", std::to_string(wish.answerRows)});
    if (wish.match != jobs::AnswerMatch::Auto)
        words.insert(words.end(), {"--match", std::string(jobs::answerMatchName(wish.match))});
    if (wish.shownRows != jobs::kShownRows)
        words.insert(words.end(), {"--rows", std::to_string(wish.shownRows)});
    return words;
}

} // namespace llamahome::managers
