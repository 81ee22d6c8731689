#include <algorithm>
#include <charconv>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/count_with_noun.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "core/shown_text.h"
#include "jobs/train/inspect_data.h"

namespace llamahome::app {
namespace {

constexpr std::size_t kBarColumns = 40;

struct DataOptions {
    std::vector<std::string> files;
    std::vector<std::string> model;
    std::optional<std::string> row;
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

/// CLI-01 where it is no number of a row.
Result<std::uint64_t> parsedRow(const std::string& text, std::uint64_t rows) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc() && end == text.data() + text.size() && number >= 1 && number <= rows)
        return number;
    return Error{codes::kUsage, "--row: found " + quotedText(text) + ", expected a whole number from 1 to " +
                                    std::to_string(rows) + ", the good rows of the data"};
}

bool isLearned(jobs::TokenPart part) {
    return part == jobs::TokenPart::Learned || part == jobs::TokenPart::TurnEnd;
}

/// What the model sees of a row: without what is cut.
Json exampleJson(const std::optional<jobs::ShownRow>& row) {
    Json spans = Json::array();
    Json ids = Json::array();
    Json supervised = Json::array();
    for (const jobs::ShownToken& token : row ? row->tokens : std::vector<jobs::ShownToken>()) {
        if (token.part == jobs::TokenPart::Cut) break;
        const bool learned = isLearned(token.part);
        if (spans.empty() || spans.back()["supervised"] != learned)
            spans.push_back(Json{{"text", ""}, {"supervised", learned}});
        spans.back()["text"] = spans.back()["text"].get<std::string>() + token.text;
        for (const std::int32_t id : token.ids) {
            ids.push_back(id);
            supervised.push_back(learned);
        }
    }
    return Json{{"row", row ? Json(row->number) : Json()},
                {"spans", spans},
                {"token_ids", ids},
                {"supervised", supervised}};
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
                {"example", exampleJson(report.example)}};
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

std::string_view markOf(jobs::TokenPart part) {
    if (part == jobs::TokenPart::Cut) return "x ";
    return isLearned(part) ? "> " : "  ";
}

/// Each line of the row behind its mark; a line in which another begins is broken there.
void showExample(Output& output, const jobs::ShownRow& row) {
    output.line("\nRow " + std::to_string(row.number) + " (" + displayPath(row.file.filename()) + " line " +
                std::to_string(row.line) + ") as trained; what stands behind > is learned" +
                (row.isCut() ? ", behind x is cut off:" : ":"));
    std::string line;
    std::string_view mark;
    const auto end = [&] {
        if (!line.empty()) output.line(std::string(mark) + line);
        line.clear();
    };
    for (const jobs::ShownToken& token : row.tokens) {
        if (markOf(token.part) != mark) end();
        mark = markOf(token.part);
        for (const char c : token.text) {
            if (c != '\n') {
                line += c;
            } else if (line.empty()) {
                output.line(std::string(mark));
            } else {
                end();
            }
        }
    }
    end();
}

/// The row that is asked for, in the place of the first.
Result<void> takeRow(CommandContext& context, const DataOptions& options,
                     const std::filesystem::path& modelFolder, const config::Settings& settings,
                     jobs::DataReport& report) {
    if (!options.row) return {};
    const auto number = parsedRow(*options.row, report.summary.rows);
    if (!number) return number.error();
    auto rows = jobs::RowBrowser::open({options.files.begin(), options.files.end()}, modelFolder, settings);
    if (!rows) return rows.error();
    auto row = rows->row(*number, context.cancel());
    if (!row) return row.error();
    report.example = std::move(*row);
    return {};
}

Result<void> inspect(CommandContext& context, const DataOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
    for (const std::filesystem::path& file : files)
        if (auto size = fileSize(file); !size) return size.error();
    const auto entry = context.model(options.model, jobs::ModelUse::Files);
    if (!entry) return entry.error();
    auto report = [&] {
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::inspectData(files, entry->path, (*settings)->values, context.cancel(), progress.sink());
    }();
    if (!report) return report.error();
    if (auto taken = takeRow(context, options, entry->path, (*settings)->values, *report); !taken)
        return taken;
    Output& output = context.output();
    const text::DatasetSummary& summary = report->summary;
    output.document(reportJson(*report));
    showCounts(output, *report);
    showLengths(output, summary.lengths);
    if (!summary.problems.empty()) output.line("\nThe first bad rows:");
    for (const text::RowProblem& problem : summary.problems)
        output.line("  " + problem.error.message);
    if (report->example) showExample(output, *report->example);
    return report->obstacle ? Result<void>(*report->obstacle) : Result<void>();
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
    command.value("--row", "N", "the good row to show as it is trained; else the first", options->row);
    addSettingOptions(command, dataOptions(), global);
    command.run = [options](CommandContext& context) { return inspect(context, *options); };
    return command;
}

} // namespace llamahome::app
