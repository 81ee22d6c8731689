#include "app/command_context.h"
#include "app/commands/commands.h"
#include "core/count_with_noun.h"
#include "core/quantity.h"
#include "jobs/report/run_report.h"
#include "jobs/train/evaluation_record.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/rename_run.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_note.h"

namespace llamahome::app {
namespace {

struct RunsOptions {
    std::optional<std::string> first;
    std::optional<std::string> second;
    std::optional<std::string> out;
    bool yes = false;
};

std::string lossText(const std::optional<jobs::RunBest>& best) {
    return best ? formatNumber(best->evalLoss) : "";
}

Json runJson(const jobs::RunInfo& run) {
    Json json{{"name", run.name}, {"path", displayPath(run.path)}, {"size_bytes", run.sizeBytes}};
    json.update(jobs::runRecordJson(run.record));
    json["state"] = std::string(jobs::runStateName(run.record.state));
    json["checkpoints"] = run.checkpoints;
    return json;
}

Result<jobs::RunInfo> runOf(CommandContext& context, const std::optional<std::string>& name) {
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    return jobs::findRun(*dataRoot, name.value_or(""));
}

Result<void> list(CommandContext& context) {
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    Table table{{"run", "state", "step", "best eval loss", "model", "begun (UTC)", "size"}, {}, {2, 3, 6}};
    Json runs = Json::array();
    for (const jobs::RunInfo& run : jobs::listRuns(*dataRoot)) {
        const jobs::RunRecord& record = run.record;
        const std::string steps = record.totalSteps > 0
                                      ? std::to_string(record.step) + "/" + std::to_string(record.totalSteps)
                                      : "";
        table.rows.push_back({run.name, std::string(jobs::runStateName(record.state)), steps,
                              lossText(record.best), record.family + "/" + record.version,
                              record.startedAt.substr(0, 16), formatBytes(run.sizeBytes)});
        runs.push_back(runJson(run));
    }
    context.output().document(runs);
    if (table.rows.empty())
        context.output().line("No runs yet; begin one with: " +
                              context.output().typed("llamahome train MODEL --data FILE"));
    else
        context.output().table(table);
    return {};
}

Json evaluationsJson(const std::vector<jobs::MetricLine>& metrics) {
    Json evaluations = Json::array();
    for (const jobs::MetricLine& line : metrics)
        if (line.point.evalLoss)
            evaluations.push_back(Json{{"step", line.point.step}, {"eval_loss", *line.point.evalLoss}});
    return evaluations;
}

void showRun(Output& output, const jobs::RunInfo& run, const std::vector<jobs::MetricLine>& metrics,
             const std::string& note) {
    const jobs::RunRecord& record = run.record;
    output.line("Run: " + displayPath(run.path));
    output.line("State: " + std::string(jobs::runStateName(record.state)) +
                (record.cause.empty() ? "" : ", " + output.advised(record.cause)) +
                (record.step == record.totalSteps
                     ? ""
                     : "; step " + std::to_string(record.step) + " of " + std::to_string(record.totalSteps)));
    output.line("Model: " + record.family + "/" + record.version + " in " + displayPath(record.modelFolder));
    for (const jobs::RunDataFile& file : record.dataFiles)
        output.line("Data: " + displayPath(file.path) + ", " + formatBytes(file.sizeBytes));
    if (!record.adapterFolder.empty()) output.line("Adapter: " + displayPath(record.adapterFolder));
    output.line("Begun: " + record.startedAt + " by: " + record.commandLine);
    if (!note.empty()) output.line("Note: " + note);
    Table losses{{"step", "epoch", "eval loss"}, {}, {0, 1, 2}};
    for (const jobs::MetricLine& line : metrics)
        if (line.point.evalLoss)
            losses.rows.push_back({std::to_string(line.point.step), formatNumber(line.point.epoch, 3),
                                   formatNumber(*line.point.evalLoss)});
    if (!losses.rows.empty()) {
        output.line("");
        output.table(losses);
    }
    output.line("");
    Table settings{{"setting", "value"}, {}};
    for (const jobs::RunSetting& setting : record.settings)
        settings.rows.push_back({setting.key, setting.value});
    output.table(settings);
    for (const jobs::RunChange& change : record.changes)
        output.line("Changed after step " + std::to_string(change.step) + ": " + change.key + " " +
                    change.from + " → " + change.to);
    if (jobs::canResume(run)) output.line("\nGo on with: " + output.typed("llamahome resume " + run.name));
    for (const jobs::Remedy& remedy : run.remedies)
        output.line("With " + jobs::remedyWords(remedy.kind) + ": " +
                    output.typed(jobs::remedyCommand(run.name, remedy)));
}

Result<void> show(CommandContext& context, const RunsOptions& options) {
    const auto run = runOf(context, options.first);
    if (!run) return run.error();
    const auto metrics = jobs::readMetrics(run->path / "metrics.jsonl");
    if (!metrics) return metrics.error();
    const auto note = jobs::readRunNote(run->path);
    if (!note) context.output().warning(note.error().message);
    Json json = runJson(*run);
    json["note"] = note ? Json(*note) : Json();
    json["evaluations"] = evaluationsJson(*metrics);
    const auto evaluation = jobs::readEvaluation(run->path);
    if (!evaluation) context.output().warning(evaluation.error().message);
    json["evaluation"] = evaluation && *evaluation ? jobs::evaluationJson(**evaluation) : Json();
    context.output().document(json);
    showRun(context.output(), *run, *metrics, note ? *note : std::string());
    return {};
}

Result<void> diff(CommandContext& context, const RunsOptions& options) {
    const auto first = runOf(context, options.first);
    if (!first) return first.error();
    const auto second = runOf(context, options.second);
    if (!second) return second.error();
    const auto differences = jobs::diffRuns(*first, *second);
    if (!differences) return differences.error();
    Table table{{"", first->name, second->name}, {}};
    Json json = Json::array();
    for (const jobs::RunDifference& difference : *differences) {
        table.rows.push_back({difference.key, difference.a, difference.b});
        json.push_back(Json{{"key", difference.key}, {"a", difference.a}, {"b", difference.b}});
    }
    context.output().document(json);
    if (table.rows.empty())
        context.output().line("No difference in settings, model, data and results.");
    else
        context.output().table(table);
    return {};
}

Result<void> report(CommandContext& context, const RunsOptions& options) {
    const auto run = runOf(context, options.first);
    if (!run) return run.error();
    auto content = jobs::readRunReport(*run);
    if (!content) return content.error();
    const auto written = jobs::writeRunReport(context.files(), *options.out, std::move(*content),
                                              LLAMAHOME_VERSION, context.clock());
    if (!written) return written.error().within("runs report --out");
    context.output().document(Json{{"run", run->name}, {"path", displayPath(*options.out)}});
    context.output().line("Report: " + displayPath(*options.out));
    return {};
}

Result<void> remove(CommandContext& context, const RunsOptions& options) {
    const auto run = runOf(context, options.first);
    if (!run) return run.error();
    const auto plan = jobs::planRunRemoval(*run);
    if (!plan) return plan.error();
    context.output().message(displayPath(plan->folder) + ": " + countWithNoun(plan->files.size(), "file") +
                             ", " + formatBytes(plan->freedBytes) + "; the finished adapter stays");
    if (!options.yes)
        if (auto confirmed = context.confirm("Remove run " + plan->name + "?"); !confirmed) return confirmed;
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    if (auto removed = jobs::removeRun(*plan, *lock, context.files()); !removed) return removed;
    context.output().line("Run " + plan->name + " removed, " + formatBytes(plan->freedBytes) + " freed.");
    context.output().document(Json{{"name", plan->name}, {"freed_bytes", plan->freedBytes}});
    return {};
}

Result<void> rename(CommandContext& context, const RunsOptions& options) {
    const auto run = runOf(context, options.first);
    if (!run) return run.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto renamed = jobs::renameRun(*run, options.second.value_or(""), *lock, context.files());
    if (!renamed) return renamed.error();
    context.output().line("Run " + run->name + " is now " + renamed->name + ".");
    context.output().document(
        Json{{"name", renamed->name}, {"former_name", run->name}, {"path", displayPath(renamed->path)}});
    return {};
}

Result<void> note(CommandContext& context, const RunsOptions& options) {
    const auto run = runOf(context, options.first);
    if (!run) return run.error();
    const std::string text = options.second.value_or("");
    if (auto written = jobs::writeRunNote(context.files(), run->path, text); !written) return written;
    context.output().line(text.empty() ? "The note on run " + run->name + " is removed."
                                       : "The note on run " + run->name + " is kept.");
    context.output().document(Json{{"name", run->name}, {"note", text}});
    return {};
}

} // namespace

CommandSpec runsCommand() {
    const auto options = std::make_shared<RunsOptions>();
    CommandSpec listCommand{"list", "All runs", "llamahome runs list"};
    listCommand.run = list;
    CommandSpec showCommand{"show", "One run: state, data, losses, settings",
                            "llamahome runs show smollm2_135m-instruct-1"};
    showCommand.positional("RUN", "name of the run", options->first).required();
    showCommand.run = [options](CommandContext& context) { return show(context, *options); };
    CommandSpec diffCommand{"diff", "In what two runs differ",
                            "llamahome runs diff smollm2_135m-instruct-1 smollm2_135m-instruct-2"};
    diffCommand.positional("A", "name of a run", options->first).required();
    diffCommand.positional("B", "name of the other", options->second).required();
    diffCommand.run = [options](CommandContext& context) { return diff(context, *options); };
    CommandSpec reportCommand{"report", "One HTML file of a run: settings, data, curves, answers, evaluation",
                              "llamahome runs report smollm2_135m-instruct-1 --out report.html"};
    reportCommand.positional("RUN", "name of the run", options->first).required();
    reportCommand
        .value("--out", "FILE", "the file; one of that name is replaced", options->out, ValueKind::File)
        .required();
    reportCommand.run = [options](CommandContext& context) { return report(context, *options); };
    CommandSpec removeCommand{"remove", "Remove a run; its finished adapter stays",
                              "llamahome runs remove smollm2_135m-instruct-1"};
    removeCommand.positional("RUN", "name of the run", options->first).required();
    removeCommand.flag("--yes", "do not ask", options->yes);
    removeCommand.run = [options](CommandContext& context) { return remove(context, *options); };
    CommandSpec renameCommand{"rename", "Give a run another name",
                              "llamahome runs rename smollm2_135m-instruct-1 recipes"};
    renameCommand.description = "The run that its finished adapter names becomes the new one.";
    renameCommand.positional("RUN", "name of the run", options->first).required();
    renameCommand.positional("NAME", "the new name", options->second).required();
    renameCommand.run = [options](CommandContext& context) { return rename(context, *options); };
    CommandSpec noteCommand{"note", "Write a note on a run",
                            "llamahome runs note smollm2_135m-instruct-1 \"with twice the rows\""};
    noteCommand.description = "It replaces the one that is there; an empty text removes it.";
    noteCommand.positional("RUN", "name of the run", options->first).required();
    noteCommand.positional("TEXT", "the note, in quotes", options->second).required();
    noteCommand.run = [options](CommandContext& context) { return note(context, *options); };

    CommandSpec command{"runs", "Training runs: list, show, diff, report, rename, note, remove",
                        "llamahome runs"};
    command.description = "Without a sub-command it lists.";
    command.run = list;
    command.commands = {listCommand,   showCommand, diffCommand,  reportCommand,
                        renameCommand, noteCommand, removeCommand};
    return command;
}

} // namespace llamahome::app
