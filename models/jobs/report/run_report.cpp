#include "jobs/report/run_report.h"

#include <algorithm>
#include <cmath>

#include "core/quantity.h"
#include "jobs/report/html_page.h"
#include "jobs/report/svg_chart.h"
#include "jobs/train/evaluation_record.h"
#include "jobs/train/run_note.h"

namespace llamahome::jobs {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr double kSmoothing = 0.9; // weight of what was, at each step, as in the window

/// Those of metrics.jsonl, by step.
struct Curves {
    SvgLine train{"train", "var(--quiet)", 1.0};
    SvgLine smoothed{"train, smoothed", "var(--accent)", 2.5};
    SvgLine eval{"eval", "var(--eval)", 1.5, true};
    SvgLine rate{"learning rate", "var(--accent)", 1.5};
    SvgLine gradient{"gradient norm, before clipping", "var(--accent)", 1.0};
    SvgLine speed{"tokens/s", "var(--accent)", 1.0};
};

Curves curvesOf(const std::vector<MetricLine>& metrics) {
    Curves curves;
    double average = 0.0;
    double weight = 1.0;
    for (const MetricLine& line : metrics) {
        const engine::MetricPoint& point = line.point;
        const auto step = static_cast<double>(point.step);
        if (point.evalLoss) curves.eval.points.push_back({step, *point.evalLoss});
        if (point.isEvaluation) continue;
        curves.train.points.push_back({step, point.trainLoss});
        if (std::isfinite(point.trainLoss)) {
            average = kSmoothing * average + (1.0 - kSmoothing) * point.trainLoss;
            weight *= kSmoothing;
            curves.smoothed.points.push_back({step, average / (1.0 - weight)});
        }
        curves.rate.points.push_back({step, point.learningRate});
        curves.gradient.points.push_back({step, point.gradNorm});
        curves.speed.points.push_back({step, point.tokensPerSecond});
    }
    return curves;
}

std::string percent(int part, int whole) {
    return std::to_string(part) + " of " + std::to_string(whole) + " (" +
           formatNumber(100.0 * part / whole, 3) + " %)";
}

void addResult(HtmlPage& page, const RunInfo& run) {
    const RunRecord& record = run.record;
    Facts facts{{"State",
                 std::string(runStateName(record.state)) + (record.cause.empty() ? "" : ", " + record.cause)},
                {"Steps", std::to_string(record.step) + " of " + std::to_string(record.totalSteps)}};
    if (record.trainLoss) facts.emplace_back("Train loss, last step", formatNumber(*record.trainLoss));
    if (record.best)
        facts.emplace_back("Best eval loss", formatNumber(record.best->evalLoss) + " at step " +
                                                 std::to_string(record.best->step));
    if (!record.adapterFolder.empty()) facts.emplace_back("Adapter", displayPath(record.adapterFolder));
    facts.emplace_back("Begun", record.startedAt);
    facts.emplace_back("Last written", record.updatedAt);
    page.addFacts(facts);
}

void addOrigin(HtmlPage& page, const RunInfo& run) {
    const RunRecord& record = run.record;
    page.addHeading("Base and data");
    Facts facts{{"Base model", record.family + "/" + record.version}};
    if (!record.hubId.empty()) facts.emplace_back("From the Hub", record.hubId);
    facts.emplace_back("Identity of the base", record.modelDigest);
    const auto addFile = [&facts](const std::string& what, const RunDataFile& file) {
        facts.emplace_back(what, displayPath(file.path) + ", " + formatBytes(file.sizeBytes) + ", SHA-256 " +
                                     file.sha256);
    };
    for (const RunDataFile& file : record.dataFiles)
        addFile("Data", file);
    if (record.validationFile) addFile("Validation data", *record.validationFile);
    if (!record.initAdapter.empty())
        facts.emplace_back("Began from the adapter", displayPath(record.initAdapter));
    page.addFacts(facts);
}

void addCurves(HtmlPage& page, const std::vector<MetricLine>& metrics) {
    const Curves curves = curvesOf(metrics);
    page.addHeading("Curves");
    const std::string loss = svgChart("Loss over the steps", {curves.train, curves.smoothed, curves.eval});
    if (loss.empty()) return page.addNote("The run has no numbers.");
    page.addSubheading("Loss over the steps");
    page.addSvg(loss);
    for (const auto& [title, line] : {std::pair{"Learning rate over the steps", &curves.rate},
                                      std::pair{"Gradient norm over the steps", &curves.gradient},
                                      std::pair{"Speed over the steps", &curves.speed}}) {
        const std::string chart = svgChart(title, {*line});
        if (chart.empty()) continue;
        page.addSubheading(title);
        page.addSvg(chart);
    }
    std::vector<std::vector<std::string>> rows{{"Step", "Epoch", "Eval loss", "Train loss"}};
    for (const MetricLine& line : metrics)
        if (line.point.evalLoss)
            rows.push_back({std::to_string(line.point.step), formatNumber(line.point.epoch, 3),
                            formatNumber(*line.point.evalLoss), formatNumber(line.point.trainLoss)});
    if (rows.size() == 1) return;
    page.addSubheading("Evaluations while it trained");
    page.addTable(rows, 0);
}

void addSamples(HtmlPage& page, const std::vector<SampleAnswer>& samples) {
    std::vector<std::string> prompts;
    for (const SampleAnswer& sample : samples)
        if (std::find(prompts.begin(), prompts.end(), sample.prompt) == prompts.end())
            prompts.push_back(sample.prompt);
    if (prompts.empty()) return;
    page.addHeading("Answers before and after training");
    for (const std::string& prompt : prompts) {
        page.addSubheading(prompt);
        Facts columns;
        std::string reference;
        for (const SampleAnswer& sample : samples) {
            if (sample.prompt != prompt) continue;
            reference = sample.reference;
            const std::string caption = sample.when == "before" ? "Before training"
                                        : sample.when == "during"
                                            ? "After step " + std::to_string(sample.step)
                                            : "After training";
            columns.emplace_back(caption, sample.answer);
        }
        page.addColumns(columns);
        if (!reference.empty()) page.addFolded("In the data", reference);
    }
}

void addFigures(HtmlPage& page, const EvaluationReport& evaluation) {
    std::vector<std::vector<std::string>> rows{{"", "Loss", "Perplexity"}};
    if (evaluation.base)
        rows.push_back({"Base model", formatNumber(evaluation.base->loss, 5),
                        formatNumber(evaluation.base->perplexity, 5)});
    rows.push_back({evaluation.base ? "With the adapter" : "Model", formatNumber(evaluation.figures.loss, 5),
                    formatNumber(evaluation.figures.perplexity, 5)});
    if (evaluation.compared > 0) {
        rows.front().emplace_back("Right answers (" + std::string(answerMatchName(evaluation.match)) + ")");
        if (evaluation.base)
            rows[1].push_back(evaluation.baseMatched ? percent(*evaluation.baseMatched, evaluation.compared)
                                                     : "");
        rows.back().push_back(percent(evaluation.matched, evaluation.compared));
    }
    page.addTable(rows, 1);
    std::string files;
    for (const auto& file : evaluation.files)
        files += (files.empty() ? "" : ", ") + displayPath(file);
    page.addNote(formatCount(evaluation.rows) + " held-out rows of " + files + ", " +
                 formatCount(evaluation.supervisedTokens) + " of their " + formatCount(evaluation.tokens) +
                 " tokens count; " + std::to_string(evaluation.cutRows) + " rows are cut. " +
                 evaluation.evaluatedAt);
}

void addRows(HtmlPage& page, std::string_view title, const std::vector<EvaluatedRow>& rows) {
    if (rows.empty()) return;
    page.addSubheading(title);
    for (const EvaluatedRow& row : rows)
        page.addFolded("loss " + formatNumber(row.loss) +
                           (row.baseLoss ? " (base " + formatNumber(*row.baseLoss) + ")" : "") + ", line " +
                           std::to_string(row.line) + " of " + displayPath(row.file.filename()),
                       row.text);
}

std::string withVerdict(const std::string& caption, const std::optional<bool>& isRight) {
    return isRight ? caption + (*isRight ? " · right" : " · wrong") : caption;
}

void addEvaluation(HtmlPage& page, const EvaluationReport& evaluation) {
    page.addHeading("Evaluation");
    addFigures(page, evaluation);
    addRows(page, "Rows of the greatest loss", evaluation.worst);
    addRows(page, "Rows of the least loss", evaluation.best);
    if (evaluation.answers.empty()) return;
    page.addHeading("Answers to held-out questions");
    for (const EvaluatedAnswer& answer : evaluation.answers) {
        page.addSubheading(answer.question);
        Facts columns;
        if (answer.baseAnswer)
            columns.emplace_back(withVerdict("Base model", answer.isBaseRight), *answer.baseAnswer);
        columns.emplace_back(withVerdict(answer.baseAnswer ? "With the adapter" : "Model", answer.isRight),
                             answer.answer);
        columns.emplace_back("In the data", answer.reference);
        page.addColumns(columns);
    }
}

void addComparisons(HtmlPage& page, const std::vector<ComparedAnswers>& comparisons) {
    if (comparisons.empty()) return;
    page.addHeading("Compared answers");
    for (const ComparedAnswers& compared : comparisons) {
        page.addSubheading(compared.prompt);
        page.addColumns({{"A · " + compared.sides[0].name, compared.sides[0].answer},
                         {"B · " + compared.sides[1].name, compared.sides[1].answer}});
        page.addNote(compared.model + ", seed " + std::to_string(compared.seed));
    }
}

void addSettings(HtmlPage& page, const RunRecord& record) {
    page.addHeading("Settings");
    Facts facts;
    for (const RunSetting& setting : record.settings)
        facts.emplace_back(setting.key, setting.value);
    for (const RunChange& change : record.changes)
        facts.emplace_back("after step " + std::to_string(change.step) + ": " + change.key,
                           change.from + " → " + change.to);
    page.addFacts(facts);
    page.addHeading("To do the same again");
    page.addPlainText(record.commandLine);
    page.addFacts({{"Program", record.programVersion},
                   {"libtorch", record.machine.libtorch},
                   {"Processor", record.machine.processor},
                   {"Threads", std::to_string(record.machine.threads)},
                   {"Precision", record.precision}});
}

} // namespace

Result<RunReport> readRunReport(const RunInfo& run) {
    auto metrics = readMetrics(run.path / "metrics.jsonl");
    if (!metrics) return metrics.error();
    RunReport report;
    report.run = run;
    report.metrics = std::move(*metrics);
    report.samples = readSamples(run.path / "samples.jsonl");
    if (auto note = readRunNote(run.path)) report.note = std::move(*note);
    if (auto evaluation = readEvaluation(run.path)) report.evaluation = std::move(*evaluation);
    return report;
}

std::string runReportHtml(const RunReport& report) {
    HtmlPage page(report.run ? "Run " + report.run->name : std::string("Compared answers"));
    if (report.run) {
        addResult(page, *report.run);
        if (!report.note.empty()) {
            page.addSubheading("Note");
            page.addPlainText(report.note);
        }
        addOrigin(page, *report.run);
        addCurves(page, report.metrics);
        addSamples(page, report.samples);
    }
    if (report.evaluation) addEvaluation(page, *report.evaluation);
    addComparisons(page, report.comparisons);
    if (report.run) addSettings(page, report.run->record);
    page.addNote("Written " + report.writtenAt + " by LlamaHome " + report.programVersion + ".");
    return page.text();
}

Result<void> writeRunReport(FileLayer& files, const std::filesystem::path& path, RunReport report,
                            const std::string& programVersion, const Clock& clock) {
    report.programVersion = programVersion;
    report.writtenAt = formatUtc(clock.now());
    return writeFileAtomically(files, path, runReportHtml(report));
}

} // namespace llamahome::jobs
