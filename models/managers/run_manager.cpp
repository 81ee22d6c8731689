#include "managers/run_manager.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "core/utf8.h"
#include "jobs/train/evaluation_record.h"
#include "jobs/train/rename_run.h"
#include "managers/metric_csv.h"
#include "managers/quantity_words.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace {

/// The end of a text file from the first whole line on; empty where there is none.
std::string tailOf(const std::filesystem::path& path, std::uint64_t bytes) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(path, failure)) return {};
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(stream.tellg(), 0));
    const std::uint64_t begin = size > bytes ? size - bytes : 0;
    stream.seekg(static_cast<std::streamoff>(begin));
    std::string text(size - begin, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    if (begin > 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
    return replaceInvalidUtf8(text);
}

Result<RunDetails> readDetailsOf(const jobs::DataRoot& root, const std::string& name, RunNoteKeeper& notes) {
    auto info = jobs::findRun(root, name);
    if (!info) return info.error();
    RunDetails details{std::move(*info), {}, {}, {}, {}, {}};
    if (auto settings = jobs::readRunSettings(details.info)) details.settings = std::move(*settings);
    details.samples = jobs::readSamples(details.info.path / "samples.jsonl");
    if (auto evaluation = jobs::readEvaluation(details.info.path))
        details.evaluation = std::move(*evaluation);
    if (const auto note = notes.read(details.info.name, details.info.path)) details.note = toQt(*note);
    details.log = toQt(tailOf(details.info.path / "run.log", RunManager::kLogTail));
    return details;
}

/// RUN-01 where the run is gone. One whose record is damaged has its numbers all the same.
Result<MetricColumns> readMetricsOf(const jobs::DataRoot& root, const std::string& name,
                                    const std::optional<jobs::RunInfo>& listed) {
    const auto run = jobs::findRun(root, name);
    if (run) return readRunMetrics(*run);
    if (!listed || run.error().code == codes::kRunUnknown) return run.error();
    return readRunMetrics(*listed);
}

/// Each run against the first: a key in which none differs has no row.
Result<RunComparison> compareRuns(const jobs::DataRoot& root, const std::vector<std::string>& names) {
    RunComparison comparison;
    std::vector<jobs::RunInfo> runs;
    for (const std::string& name : names) {
        auto run = jobs::findRun(root, name);
        if (!run) return run.error();
        comparison.names.push_back(toQt(run->name));
        runs.push_back(std::move(*run));
    }
    std::map<std::string, std::size_t> rowOf;
    for (std::size_t i = 1; i < runs.size(); ++i) {
        const auto differences = jobs::diffRuns(runs.front(), runs[i]);
        if (!differences) return differences.error();
        for (const jobs::RunDifference& difference : *differences) {
            const auto [place, isNew] = rowOf.emplace(difference.key, comparison.rows.size());
            if (isNew)
                comparison.rows.push_back(
                    {toQt(difference.key),
                     std::vector<QString>(runs.size(), typedRecord(difference.key, difference.a))});
            comparison.rows[place->second].values[i] = typedRecord(difference.key, difference.b);
        }
    }
    return comparison;
}

} // namespace

RunManager::RunManager(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_saver(context)
    , m_evaluator(context)
    , m_notes(std::make_shared<RunNoteKeeper>(context.workspace.root, *context.workspace.files)) {
    connect(&m_context.jobs, &JobList::jobFinished, this, [this](const Job* job) {
        const JobKind kind = job->kind();
        if (kind == JobKind::Train || kind == JobKind::Remove || kind == JobKind::Evaluate) refresh();
    });
    connect(&m_context.jobs, &JobList::jobChanged, this, &RunManager::follow);
    connect(&m_saver, &FileSaver::saved, this, &RunManager::exported);
    connect(&m_saver, &FileSaver::failed, this, &RunManager::failed);
    connect(&m_metrics, &MetricStore::loadFailed, this, [this](const Error& error) {
        m_metrics.clear(); // they are those of another run
        Q_EMIT failed(error);
    });
    refresh();
}

RunManager::~RunManager() {
    // The pool drops what waits when it ends; this must not be lost.
    std::thread([notes = m_notes] { (void)notes->drain(); }).join();
}

void RunManager::follow(const Job* job) {
    if (job->kind() != JobKind::Train || !job->canGoOn() || job->id() == m_followedJob) return;
    m_followedJob = job->id();
    refresh(); // its run is on the disk now
}

void RunManager::refresh() {
    runTask<Listing>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace] {
            return Listing{jobs::listRuns(workspace.root),
                           rootWordsFor(workspace, readSettings(workspace).resolved.values)};
        },
        this,
        [this, asked = ++m_listAsked](Listing listing) {
            if (asked != m_listAsked) return;
            m_runs = std::move(listing.runs);
            m_rootWords = std::move(listing.rootWords);
            m_isListed = true;
            Q_EMIT runsChanged();
        });
}

std::optional<jobs::RunInfo> RunManager::find(const QString& name) const {
    const std::string wanted = fromQt(name);
    const auto found =
        std::find_if(m_runs.begin(), m_runs.end(), [&](const auto& run) { return run.name == wanted; });
    return found == m_runs.end() ? std::nullopt : std::optional(*found);
}

void RunManager::readDetails(const QString& name) {
    runTask<Result<RunDetails>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, name = fromQt(name), notes = m_notes] {
            return readDetailsOf(root, name, *notes);
        },
        this,
        [this, asked = ++m_detailsAsked](const Result<RunDetails>& details) {
            if (asked != m_detailsAsked) return;
            if (!details) {
                m_metrics.clear();
                Q_EMIT failed(details.error());
                return;
            }
            m_metrics.load(m_context, details->info);
            Q_EMIT detailsReady(*details);
        });
}

void RunManager::compare(const std::vector<QString>& names) {
    for (MetricStore* store : std::exchange(m_compared, {}))
        store->deleteLater();
    std::vector<std::string> wanted;
    for (const QString& name : names) {
        wanted.push_back(fromQt(name));
        m_compared.push_back(new MetricStore(this));
        connect(m_compared.back(), &MetricStore::loadFailed, this, &RunManager::failed);
        if (const auto run = find(name)) m_compared.back()->load(m_context, *run);
    }
    runTask<Result<RunComparison>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, wanted] { return compareRuns(root, wanted); }, this,
        [this, asked = ++m_comparisonAsked](const Result<RunComparison>& comparison) {
            if (asked != m_comparisonAsked) return;
            if (comparison)
                Q_EMIT compared(*comparison);
            else
                Q_EMIT failed(comparison.error());
        });
}

void RunManager::planRemoval(const QString& name) {
    using Plan = Result<jobs::RunRemovalPlan>;
    runTask<Plan>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, name = fromQt(name)]() -> Plan {
            const auto run = jobs::findRun(root, name);
            return run ? jobs::planRunRemoval(*run) : Plan(run.error());
        },
        this,
        [this](const Plan& plan) {
            if (plan)
                Q_EMIT removalPlanned(*plan);
            else
                Q_EMIT failed(plan.error());
        });
}

Job* RunManager::remove(const jobs::RunRemovalPlan& plan) {
    const QString name = toQt(plan.name);
    Job& job = m_context.jobs.start(JobKind::Remove, tr("Removing run %1").arg(name));
    job.setCommandLine(commandLine({"runs", "remove", plan.name}));
    runJob<void>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [lock = &m_context.lock, files = m_context.workspace.files, plan](const JobControl&) -> Result<void> {
            const auto held = lock->acquire();
            if (!held) return held.error();
            return jobs::removeRun(plan, **held, *files);
        },
        this,
        [this, name, bytes = plan.freedBytes](const Result<void>& done) {
            if (done)
                Q_EMIT removed(name, bytes);
            else
                Q_EMIT failed(done.error());
        });
    return &job;
}

void RunManager::exportMetrics(const QString& name, const QString& path) {
    m_saver.save(
        path,
        [root = m_context.workspace.root, name = fromQt(name), listed = find(name)]() -> Result<std::string> {
            const auto metrics = readMetricsOf(root, name, listed);
            if (!metrics) return metrics.error();
            return metricCsv(*metrics);
        });
}

void RunManager::exportComparison(const std::vector<QString>& names, Metric metric, const QString& path) {
    auto runs = std::make_shared<std::vector<MetricColumns>>();
    for (const MetricStore* store : m_compared)
        runs->push_back(store->columns());
    std::vector<std::string> heads;
    for (const QString& name : names)
        heads.push_back(fromQt(name));
    m_saver.save(
        path, [runs, heads, metric]() -> Result<std::string> { return comparedCsv(heads, *runs, metric); });
}

void RunManager::savePicture(const QString& path, const QByteArray& png) {
    m_saver.save(path, [png]() -> Result<std::string> { return png.toStdString(); });
}

void RunManager::setNote(const QString& name, const QString& note) {
    using Outcomes = std::vector<RunNoteKeeper::Outcome>;
    m_notes->put(fromQt(name), fromQt(note));
    runTask<Outcomes>(
        m_context.filePool, m_context.jobs, [notes = m_notes] { return notes->drain(); }, this,
        [this](const Outcomes& outcomes) {
            for (const auto& outcome : outcomes)
                if (outcome.error)
                    Q_EMIT failed(*outcome.error);
                else
                    Q_EMIT noteKept(toQt(outcome.run));
        });
}

void RunManager::rename(const QString& name, const QString& newName) {
    using Renamed = Result<jobs::RunInfo>;
    runTask<Renamed>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, from = fromQt(name), to = fromQt(newName), notes = m_notes,
         lock = &m_context.lock, files = m_context.workspace.files]() -> Renamed {
            (void)notes->drain(); // what waits has the old name
            const auto run = jobs::findRun(root, from);
            if (!run) return run.error();
            const auto held = lock->acquire();
            return held ? jobs::renameRun(*run, to, **held, *files) : Renamed(held.error());
        },
        this,
        [this, name, newName](const Renamed& run) {
            if (!run) {
                Q_EMIT failed(run.error());
                return;
            }
            Q_EMIT renamed(name, newName);
            refresh();
        });
}

void RunManager::evaluate(const EvaluationWish& wish) {
    if (const auto run = find(wish.run)) m_evaluator.begin(*run, wish, evaluateCommand(wish));
}

void RunManager::saveReport(const QString& name, const QString& path) {
    writeReport(fromQt(name), {}, path, [this, path](const Result<void>& written) {
        if (written)
            Q_EMIT reportSaved(path);
        else
            Q_EMIT failed(written.error());
    });
}

void RunManager::saveComparison(const std::vector<jobs::ComparedAnswers>& answers,
                                const QStringList& adapters, const QString& path) {
    const auto made = std::find_if(m_runs.begin(), m_runs.end(), [&adapters](const jobs::RunInfo& run) {
        const auto& folder = run.record.adapterFolder;
        return !folder.empty() && adapters.contains(pathToQt(folder.filename()));
    });
    writeReport(made == m_runs.end() ? std::string() : made->name, answers, path,
                [this, path](const Result<void>& written) {
                    if (written)
                        Q_EMIT comparisonSaved(path);
                    else
                        Q_EMIT comparisonFailed(written.error());
                });
}

void RunManager::writeReport(const std::string& name, std::vector<jobs::ComparedAnswers> answers,
                             const QString& path, std::function<void(const Result<void>&)> done) {
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [place = m_context.workspace, name, answers = std::move(answers),
         file = pathFromQt(path)]() -> Result<void> {
            jobs::RunReport report;
            if (!name.empty()) {
                const auto run = jobs::findRun(place.root, name);
                if (!run) return run.error();
                auto content = jobs::readRunReport(*run);
                if (!content) return content.error();
                report = std::move(*content);
            }
            report.comparisons = answers;
            return jobs::writeRunReport(*place.files, file, std::move(report), place.programVersion,
                                        *place.clock);
        },
        this, std::move(done));
}

QString RunManager::commandLine(std::vector<std::string> words) const {
    words.insert(words.begin(), m_rootWords.begin(), m_rootWords.end());
    words.insert(words.begin(), "llamahome");
    return toQt(shellLine(words));
}

QString RunManager::resumeCommand(const QString& name) const {
    return toQt(managers::resumeCommand(fromQt(name), m_rootWords));
}

QString RunManager::evaluateCommand(const EvaluationWish& wish) const {
    return commandLine(evaluationWords(wish));
}

QString RunManager::showCommand(const QString& name) const {
    return commandLine({"runs", "show", fromQt(name)});
}

} // namespace llamahome::managers
