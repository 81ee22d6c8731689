#include <algorithm>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/evaluation_report.h"
#include "app/commands/option_numbers.h"
#include "app/commands/use_model.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/error_codes.h"
#include "jobs/train/evaluate_model.h"
#include "jobs/train/evaluation_record.h"

namespace llamahome::app {
namespace {

struct EvaluateOptions {
    UseOptions use;
    std::optional<std::string> run;
    std::optional<std::string> data;
    std::optional<std::string> answers;
    std::optional<std::string> exactRows; ///< --exact-match: the older name, numbers only
    std::optional<std::string> match;
    std::optional<std::string> shownRows;
    bool alsoBase = false;
};

/// How rows are shown and answers compared.
Result<void> addChoices(const EvaluateOptions& options, jobs::EvaluateRequest& request) {
    const auto shown = countOption("--rows", options.shownRows, jobs::kShownRows, 0, jobs::kMostShownRows);
    if (!shown) return shown.error();
    const auto exact = countOption("--exact-match", options.exactRows, 0, 0, jobs::kMostAnswerRows);
    if (!exact) return exact.error();
    const int fallback = options.match && *options.match != "none" ? jobs::kAnsweredRows : *exact;
    const auto answers = countOption("--answers", options.answers, fallback, 0, jobs::kMostAnswerRows);
    if (!answers) return answers.error();
    request.shownRows = *shown;
    request.answerRows = *answers;
    if (options.exactRows) request.match = jobs::AnswerMatch::Number;
    if (!options.match) return {};
    const auto match = jobs::answerMatchOf(*options.match);
    if (!match)
        return Error{codes::kUsage, "--match: found '" + *options.match +
                                        "', expected auto, number, exact, contains or none"};
    request.match = *match;
    return {};
}

/// CLI-01 for what a run has its own of.
Result<void> checkRunOptions(const CommandContext& context, const EvaluateOptions& options) {
    const auto refuse = [](const std::string& option) {
        return Error{codes::kUsage, option + ": found it beside --run, expected only one of them; a run is "
                                             "measured with its own model, adapter and settings"};
    };
    if (!options.use.model.empty()) return refuse("MODEL");
    if (options.use.adapter) return refuse("--adapter");
    for (const config::OptionValue& given : context.options().settings)
        if (given.key.starts_with("data.") || given.key == "model.precision" || given.key == "model.quant")
            return refuse(given.origin);
    return {};
}

Result<jobs::EvaluateRequest> requestOfModel(CommandContext& context, const EvaluateOptions& options) {
    if (!options.data)
        return Error{codes::kUsage, "evaluate: found neither --data nor --run, expected one of them"};
    const auto settings = context.settings();
    if (!settings) return settings.error();
    if (auto present = fileSize(*options.data); !present) return present.error().within("evaluate --data");
    const auto entry = modelOf(context, options.use);
    if (!entry) return entry.error();
    const auto adapter = adapterOf(context, options.use);
    if (!adapter) return adapter.error();
    jobs::EvaluateRequest request;
    request.modelFolder = entry->path;
    request.adapter = *adapter;
    request.source.files = {*options.data};
    request.settings = (*settings)->values;
    request.alsoBase = options.alsoBase && adapter->has_value();
    return request;
}

Result<jobs::EvaluationReport> measure(CommandContext& context, const jobs::EvaluateRequest& request,
                                       const ProgressSink& progress) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto engine = context.engine((*settings)->values.model.device);
    if (!engine) return engine.error();
    return jobs::evaluateModel(request, **engine, context.files(), context.cancel(), progress);
}

/// Measures the run's adapter and keeps the result beside it.
Result<jobs::EvaluationReport> evaluateRun(CommandContext& context, const EvaluateOptions& options) {
    if (auto checked = checkRunOptions(context, options); !checked) return checked.error();
    const auto root = context.root();
    if (!root) return root.error();
    const auto run = jobs::findRun(*root, *options.run);
    if (!run) return run.error();
    std::optional<std::filesystem::path> file;
    std::error_code ignored;
    if (options.data) file = std::filesystem::absolute(*options.data, ignored);
    ProgressPrinter progress(context.output(), context.clock());
    auto request = jobs::evaluationOfRun(*run, file, context.cancel(), progress.sink());
    if (!request) return request.error();
    if (auto chosen = addChoices(options, *request); !chosen) return chosen.error();
    auto report = measure(context, *request, progress.sink());
    if (!report) return report.error();
    if (auto kept = jobs::keepEvaluation(context.files(), run->path, *report, context.clock()); !kept)
        context.output().warning("the result is not kept with the run: " + kept.error().message);
    return report;
}

Result<jobs::EvaluationReport> evaluateOne(CommandContext& context, const EvaluateOptions& options) {
    auto request = requestOfModel(context, options);
    if (!request) return request.error();
    if (auto chosen = addChoices(options, *request); !chosen) return chosen.error();
    ProgressPrinter progress(context.output(), context.clock());
    return measure(context, *request, progress.sink());
}

Result<void> evaluate(CommandContext& context, const EvaluateOptions& options) {
    const auto report = options.run ? evaluateRun(context, options) : evaluateOne(context, options);
    if (!report) return report.error();
    context.output().document(jobs::evaluationJson(*report));
    showEvaluation(context.output(), *report);
    return {};
}

} // namespace

CommandSpec evaluateCommand(GlobalOptions& global) {
    const auto options = std::make_shared<EvaluateOptions>();
    CommandSpec command{"evaluate", "Loss, best and worst rows and right answers of a model on held-out rows",
                        "llamahome evaluate smollm2 135m-instruct --data questions.jsonl\n"
                        "llamahome evaluate --run smollm2_135m-instruct-1 --answers 50"};
    command.description =
        "The mean over the supervised tokens of all rows; rows of plain text count every token but "
        "the first. With --run: base and adapter of a run on the rows that it kept from training; the "
        "result is kept with the run and comes into its report.";
    addUseOptions(command, options->use, global);
    command.value("--run", "RUN", "a finished run, on the rows that it kept from training, or on --data",
                  options->run);
    command.value("--data", "FILE", "data file", options->data, ValueKind::File);
    command.flag("--base", "with an adapter: the base's figures and answers too", options->alsoBase);
    command.value("--rows", "N", "best and worst rows that are shown, each [5]", options->shownRows);
    command.value("--answers", "N",
                  "also answer the questions of the first N rows, greedily [0; 100 with --match]",
                  options->answers);
    command.value(
        "--match", "HOW",
        "when an answer is right: its number after '####' is the data's, it is the data's answer, it "
        "contains it; auto: what the data allows",
        options->match);
    command.choices(jobs::answerMatchNames());
    command.value("--exact-match", "N", "the same as --answers N --match number", options->exactRows);
    addSettingOptions(command, evaluationOptions(), global);
    command.run = [options](CommandContext& context) { return evaluate(context, *options); };
    return command;
}

} // namespace llamahome::app
