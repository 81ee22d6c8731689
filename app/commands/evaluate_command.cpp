#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/option_numbers.h"
#include "app/commands/use_model.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/quantity.h"
#include "jobs/train/evaluate_model.h"

namespace llamahome::app {
namespace {

constexpr int kMostExactRows = 100'000;

struct EvaluateOptions {
    UseOptions use;
    std::optional<std::string> data;
    std::optional<std::string> exactRows;
    bool alsoBase = false;
};

Json reportJson(const jobs::EvaluationReport& report) {
    Json json{{"loss", report.figures.loss},
              {"perplexity", report.figures.perplexity},
              {"supervised_tokens", report.supervisedTokens},
              {"tokens", report.tokens},
              {"rows", report.rows},
              {"cut_rows", report.cutRows},
              {"bad_rows", report.badRows}};
    if (report.base) json["base"] = {{"loss", report.base->loss}, {"perplexity", report.base->perplexity}};
    if (report.compared > 0)
        json["exact_match"] = {{"compared", report.compared}, {"matched", report.matched}};
    return json;
}

void showReport(Output& output, const jobs::EvaluationReport& report) {
    output.line("Loss: " + formatNumber(report.figures.loss) + " (perplexity " +
                formatNumber(report.figures.perplexity) + ")");
    if (report.base)
        output.line("Base alone: " + formatNumber(report.base->loss) + " (perplexity " +
                    formatNumber(report.base->perplexity) + ")");
    output.line("Rows: " + std::to_string(report.rows) + ", tokens: " + std::to_string(report.tokens) +
                ", of them supervised: " + std::to_string(report.supervisedTokens));
    if (report.cutRows > 0) output.line("Cut rows: " + std::to_string(report.cutRows));
    if (report.badRows > 0) output.line("Skipped bad rows: " + std::to_string(report.badRows));
    if (report.compared > 0)
        output.line("Right final numbers: " + std::to_string(report.matched) + " of " +
                    std::to_string(report.compared));
}

Result<void> evaluate(CommandContext& context, const EvaluateOptions& options) {
    const auto exactRows = countOption("--exact-match", options.exactRows, 0, 0, kMostExactRows);
    if (!exactRows) return exactRows.error();
    const auto settings = context.settings();
    if (!settings) return settings.error();
    if (auto present = fileSize(*options.data); !present) return present.error().within("evaluate --data");
    const auto entry = modelOf(context, options.use);
    if (!entry) return entry.error();
    const auto adapter = adapterOf(context, options.use);
    if (!adapter) return adapter.error();
    const auto engine = context.engine((*settings)->values.model.device);
    if (!engine) return engine.error();
    jobs::EvaluateRequest request;
    request.modelFolder = entry->path;
    request.adapter = *adapter;
    request.dataFile = *options.data;
    request.settings = (*settings)->values;
    request.alsoBase = options.alsoBase && adapter->has_value();
    request.exactMatchRows = *exactRows;
    const auto report = [&] {
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::evaluateModel(request, **engine, context.files(), context.cancel(), progress.sink());
    }();
    if (!report) return report.error();
    context.output().document(reportJson(*report));
    showReport(context.output(), *report);
    return {};
}

} // namespace

CommandSpec evaluateCommand(GlobalOptions& global) {
    const auto options = std::make_shared<EvaluateOptions>();
    CommandSpec command{"evaluate", "Loss of a model, with or without an adapter, on a data file",
                        "llamahome evaluate smollm2 135m-instruct --data questions.jsonl"};
    command.description =
        "The mean over the supervised tokens of all rows; rows of plain text count every token but "
        "the first.";
    addUseOptions(command, options->use, global);
    command.value("--data", "FILE", "data file", options->data, ValueKind::File).required();
    command.flag("--base", "with an adapter: the base's figures too", options->alsoBase);
    command.value("--exact-match", "N", "also answer the first N rows and compare the numbers after '####'",
                  options->exactRows);
    addSettingOptions(command, evaluationOptions(), global);
    command.run = [options](CommandContext& context) { return evaluate(context, *options); };
    return command;
}

} // namespace llamahome::app
