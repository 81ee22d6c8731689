#include <algorithm>
#include <fstream>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "app/text_width.h"
#include "core/count_with_noun.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/train/inspect_data.h"

namespace llamahome::app {
namespace {

constexpr std::size_t kBarColumns = 40;
constexpr std::size_t kHeaderColumns = 200;

struct DataOptions {
    std::vector<std::string> files;
    std::vector<std::string> model;
};

Json lengthsJson(const text::LengthStatistics& lengths) {
    Json buckets = Json::array();
    for (const text::LengthBucket& bucket : lengths.buckets)
        buckets.push_back(Json{{"from", bucket.from}, {"to", bucket.to}, {"rows", bucket.rows}});
    return Json{{"min", lengths.min},
                {"median", lengths.median},
                {"p95", lengths.p95},
                {"max", lengths.max},
                {"buckets", buckets}};
}

Json problemsJson(const text::DatasetSummary& summary) {
    Json problems = Json::array();
    for (const text::RowProblem& problem : summary.problems) {
        Json json = errorJson(problem.error);
        json["line"] = problem.line;
        json["column"] = problem.column;
        problems.push_back(std::move(json));
    }
    return problems;
}

Json exampleJson(const jobs::DataReport& report) {
    Json spans = Json::array();
    for (const jobs::TrainedSpan& span : report.example)
        spans.push_back(Json{{"text", span.text}, {"supervised", span.supervised}});
    Json supervised = Json::array();
    for (const std::uint8_t isTarget : report.exampleRow.supervised)
        supervised.push_back(isTarget != 0);
    return Json{{"spans", spans}, {"token_ids", report.exampleRow.tokens}, {"supervised", supervised}};
}

Json reportJson(const jobs::DataReport& report) {
    const text::DatasetSummary& summary = report.summary;
    return Json{{"kind", summary.kind ? Json(std::string(text::kindName(*summary.kind))) : Json()},
                {"format", summary.format ? Json(std::string(text::formatName(*summary.format))) : Json()},
                {"template", report.templateName},
                {"rows", summary.rows},
                {"usable_rows", summary.usableRows()},
                {"bad_rows", summary.badRows},
                {"cut_rows", summary.cutRows},
                {"dropped_rows", summary.droppedRows},
                {"duplicates", summary.duplicates},
                {"tokens", summary.tokens},
                {"supervised_tokens", summary.supervisedTokens},
                {"lengths", lengthsJson(summary.lengths)},
                {"problems", problemsJson(summary)},
                {"example", exampleJson(report)}};
}

void showCounts(Output& output, const jobs::DataReport& report) {
    const text::DatasetSummary& summary = report.summary;
    const std::string kind = summary.kind ? std::string(text::kindName(*summary.kind)) : "unknown";
    const std::string format =
        summary.format ? std::string(text::formatName(*summary.format)) : "no usable row";
    output.line("Format: " + format + " in " + kind + "; template " + report.templateName);
    output.line("Rows: " + std::to_string(summary.rows) + " good, " + std::to_string(summary.badRows) +
                " bad, " + std::to_string(summary.cutRows) + " cut, " + std::to_string(summary.droppedRows) +
                " with nothing to learn, " + std::to_string(summary.duplicates) + " duplicates");
    output.line("Tokens: " + std::to_string(summary.tokens) +
                ", learned: " + std::to_string(summary.supervisedTokens) + " (" +
                formatNumber(100.0 * summary.supervisedShare(), 3) + " %)");
}

void showLengths(Output& output, const text::LengthStatistics& lengths) {
    if (lengths.buckets.empty()) return;
    output.line("\nLength in tokens: " + std::to_string(lengths.min) + " to " + std::to_string(lengths.max) +
                ", median " + std::to_string(lengths.median) + ", 95 % up to " + std::to_string(lengths.p95));
    std::uint64_t most = 1;
    for (const text::LengthBucket& bucket : lengths.buckets)
        most = std::max(most, bucket.rows);
    Table table{{"tokens", "rows", ""}, {}, {0, 1}};
    for (const text::LengthBucket& bucket : lengths.buckets) {
        const auto bar = static_cast<std::size_t>((bucket.rows * kBarColumns + most - 1) / most);
        table.rows.push_back({std::to_string(bucket.from) + " to " + std::to_string(bucket.to - 1),
                              std::to_string(bucket.rows), std::string(bar, '#')});
    }
    output.table(table);
}

/// Each line of the row behind "> " where the model learns to write it.
void showExample(Output& output, const std::vector<jobs::TrainedSpan>& spans) {
    if (spans.empty()) return;
    output.line("\nThe first row as trained; what stands behind > is learned:");
    for (const jobs::TrainedSpan& span : spans) {
        std::string_view rest = span.text;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            output.line((span.supervised ? "> " : "  ") + std::string(rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
}

/// The first line of a table, as the person wrote it.
std::string headerOf(const std::string& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return shortened(oneLine(line), kHeaderColumns);
}

/// What keeps the data from being trained on, with the next step.
Result<void> verdict(const text::DatasetSummary& summary, const DataOptions& options,
                     const config::Settings& settings) {
    const bool isUseless = summary.usableRows() == 0;
    if (summary.badRows > 0 && (isUseless || !settings.data.skip_bad_rows)) {
        Error error = summary.problems.front().error;
        const bool isTable = summary.kind == text::DataFileKind::Table;
        error.message = countWithNoun(summary.badRows, "bad row") + ", the first: " + error.message;
        if (!isUseless)
            error.message += "; correct them, or train with --skip-bad-rows";
        else if (isTable)
            error.message += "; no row can be used: name the columns with --map "
                             "instruction=COLUMN,output=COLUMN, the header is `" +
                             headerOf(options.files.front()) + "`";
        else
            error.message += "; no row can be used: correct them";
        return error;
    }
    if (!isUseless) return {};
    return Error{codes::kNoTrainingRows,
                 "no row can be trained on: " + countWithNoun(summary.droppedRows, "row") +
                     " with nothing to learn within " + std::to_string(settings.training.max_length) +
                     " tokens; raise --max-length, or look at the answers in the data"};
}

Result<void> inspect(CommandContext& context, const DataOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
    for (const std::filesystem::path& file : files)
        if (auto size = fileSize(file); !size) return size.error();
    const auto entry = context.model(options.model, jobs::ModelUse::Files);
    if (!entry) return entry.error();
    const auto report = [&] {
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::inspectData(files, entry->path, (*settings)->values, context.cancel(), progress.sink());
    }();
    if (!report) return report.error();
    Output& output = context.output();
    const text::DatasetSummary& summary = report->summary;
    output.document(reportJson(*report));
    showCounts(output, *report);
    showLengths(output, summary.lengths);
    if (!summary.problems.empty()) output.line("\nThe first bad rows:");
    for (const text::RowProblem& problem : summary.problems)
        output.line("  " + problem.error.message);
    showExample(output, report->example);
    return verdict(summary, options, (*settings)->values);
}

} // namespace

CommandSpec dataCommand(GlobalOptions& global) {
    const auto options = std::make_shared<DataOptions>();
    CommandSpec command{"data", "Look at a data set as a model would train on it",
                        "llamahome data questions.jsonl --model smollm2 135m-instruct"};
    command.description = "Format, counts, lengths, the first bad lines, and one row as it is trained.";
    command.words("FILE", "FILE", kManyValues, "data files: JSONL, JSON, CSV or TXT", options->files)
        .required();
    command.arguments.back().kind = ValueKind::File;
    addModelOption(command, options->model);
    addSettingOptions(command, dataOptions(), global);
    command.run = [options](CommandContext& context) { return inspect(context, *options); };
    return command;
}

} // namespace llamahome::app
