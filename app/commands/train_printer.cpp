#include "app/commands/train_printer.h"

#include <algorithm>

#include "app/signals.h"
#include "app/text_width.h"
#include "core/count_with_noun.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/train/metric_log.h"

namespace llamahome::app {
namespace {

constexpr std::size_t kNarrowestColumn = 34;

Json optionalNumber(const std::optional<double>& value) {
    return value ? Json(*value) : Json();
}

std::string_view endName(jobs::TrainEnd end) {
    switch (end) {
    case jobs::TrainEnd::Finished:
        return "finished";
    case jobs::TrainEnd::EarlyStopped:
        return "early_stopped";
    case jobs::TrainEnd::Interrupted:
        break;
    }
    return "interrupted";
}

Json summaryJson(const jobs::TrainSummary& summary) {
    return Json{{"kind", "summary"},
                {"end", std::string(endName(summary.end))},
                {"run", summary.runName},
                {"run_folder", displayPath(summary.runFolder)},
                {"adapter", summary.adapterName},
                {"adapter_folder", displayPath(summary.adapterFolder)},
                {"adapter_step", summary.adapterStep},
                {"steps", summary.steps},
                {"total_steps", summary.totalSteps},
                {"epochs", summary.epochs},
                {"first_eval_loss", optionalNumber(summary.firstEvalLoss)},
                {"last_eval_loss", optionalNumber(summary.lastEvalLoss)},
                {"best_eval_loss", summary.best ? Json(summary.best->evalLoss) : Json()},
                {"train_loss", optionalNumber(summary.lastTrainLoss)},
                {"train_rows", summary.data.trainRows},
                {"validation_rows", summary.data.validationRows},
                {"trained_tokens", summary.trainedTokens},
                {"seconds", summary.seconds}};
}

/// "2.113 → 1.402 (-33.6 %)".
std::string change(double before, double after) {
    std::string text = formatNumber(before) + " → " + formatNumber(after);
    if (before > 0.0) {
        const double percent = (after - before) / before * 100.0;
        text += " (" + std::string(percent > 0 ? "+" : "") + formatNumber(percent, 3) + " %)";
    }
    return text;
}

} // namespace

std::string sideBySide(const std::string& leftTitle, const std::string& left, const std::string& rightTitle,
                       const std::string& right, std::size_t columns) {
    const std::size_t width = columns > 6 ? (columns - 3) / 2 : 0;
    std::string out;
    if (width < kNarrowestColumn) {
        const std::size_t narrow = columns > 4 ? columns - 2 : 2;
        for (const auto& [title, text] : {std::pair{leftTitle, left}, std::pair{rightTitle, right}}) {
            out += title + "\n";
            for (const std::string& line : wrapped(text, narrow))
                out += "  " + line + "\n";
        }
        return out;
    }
    const std::vector<std::string> a = wrapped(left, width);
    const std::vector<std::string> b = wrapped(right, width);
    out += padded(leftTitle, width) + " | " + rightTitle + "\n";
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        std::string line = padded(i < a.size() ? a[i] : "", width) + " | " + (i < b.size() ? b[i] : "");
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

TrainPrinter::TrainPrinter(CommandContext& context)
    : m_context(context)
    , m_output(context.output())
    , m_progress(context.output(), context.clock()) {}

TrainPrinter::~TrainPrinter() {
    setAbortMessage({});
}

void TrainPrinter::onStart(const jobs::RunFolder& run) {
    m_output.line("Run: " + displayPath(run.path()));
    setAbortMessage("aborted; go on from the last checkpoint with: " +
                    m_output.typed("llamahome resume " + run.name()));
    m_runLog = m_context.openRunLog(run.logFile());
    m_output.piece(""); // shown before the first step, also through a pipe
    m_output.jsonLine(Json{{"kind", "start"}, {"run", run.name()}, {"run_folder", displayPath(run.path())}});
}

void TrainPrinter::onForecast(const jobs::TrainForecast& forecast) {
    m_output.message(countWithNoun(forecast.data.trainRows, "row") + " to train on, " +
                     std::to_string(forecast.data.validationRows) + " to measure on; " +
                     countWithNoun(static_cast<std::uint64_t>(forecast.totalSteps), "step") +
                     ", memory about " + formatBytes(forecast.memory.total()));
}

void TrainPrinter::onPhase(std::string_view phase) {
    m_progress.show(Progress{std::string(phase), 0, 0, "steps"});
    if (!m_output.hasLiveLine()) // few, and worth a line however soon they follow each other
        m_output.message(std::string(phase) + " …");
}

void TrainPrinter::onProgress(const Progress& progress) {
    const bool isTraining = progress.unit == "steps";
    if (isTraining) m_steps = progress;
    m_progress.show(progress, isTraining ? m_note : "");
}

void TrainPrinter::onMetric(const engine::MetricPoint& point) {
    m_output.event(jobs::metricJson(point));
    if (point.isEvaluation) {
        if (point.evalLoss)
            m_output.message("step " + std::to_string(point.step) + ": eval loss " +
                             formatNumber(*point.evalLoss));
        m_progress.show(m_steps, m_note); // the line of the evaluation would stay for the whole next step
        return;
    }
    m_note =
        "loss " + formatNumber(point.trainLoss) + ", " + formatNumber(point.tokensPerSecond, 3) + " tokens/s";
}

void TrainPrinter::onSample(const jobs::SampleAnswer& sample) {
    m_output.event(Json{{"kind", "sample"},
                        {"when", sample.when},
                        {"step", sample.step},
                        {"prompt", sample.prompt},
                        {"reference", sample.reference},
                        {"answer", sample.answer}});
}

void TrainPrinter::onNotice(std::string_view notice) {
    m_output.message("note: " + oneLine(notice));
    m_output.event(Json{{"kind", "notice"}, {"text", std::string(notice)}});
}

void TrainPrinter::showSamples(const jobs::TrainSummary& summary) {
    const auto columns = static_cast<std::size_t>(std::clamp(m_output.columns(), 20, 140));
    for (const jobs::SampleAnswer& before : summary.samples) {
        if (before.when != "before") continue;
        const auto after =
            std::find_if(summary.samples.begin(), summary.samples.end(), [&](const auto& sample) {
                return sample.when == "after" && sample.prompt == before.prompt;
            });
        if (after == summary.samples.end()) continue;
        m_output.line("");
        for (const std::string& line : wrapped("Question: " + before.prompt, columns))
            m_output.line(line);
        const std::string text = sideBySide("before", before.answer, "after", after->answer, columns);
        m_output.line(std::string_view(text).substr(0, text.size() - 1));
        if (!before.reference.empty())
            for (const std::string& line : wrapped("In the data: " + before.reference, columns))
                m_output.line(line);
    }
}

void TrainPrinter::showResult(const jobs::TrainSummary& summary, const std::string& model) {
    m_output.line("");
    if (summary.end == jobs::TrainEnd::EarlyStopped)
        m_output.line("Stopped early: the eval loss no longer fell.");
    m_output.line("Steps: " + std::to_string(summary.steps) + " of " + std::to_string(summary.totalSteps) +
                  ", " + countWithNoun(summary.trainedTokens, "token") + " in " +
                  formatDuration(summary.seconds));
    const std::optional<double> last =
        summary.best ? std::optional(summary.best->evalLoss) : summary.lastEvalLoss;
    if (summary.firstEvalLoss && last) m_output.line("Eval loss: " + change(*summary.firstEvalLoss, *last));
    if (!summary.adapterFolder.empty()) m_output.line("Adapter: " + displayPath(summary.adapterFolder));
    if (summary.end == jobs::TrainEnd::Interrupted) {
        if (!summary.adapterFolder.empty() && summary.adapterStep != summary.steps)
            m_output.line("It is the state of step " + std::to_string(summary.adapterStep) +
                          ", the best so far; with --keep last a stop keeps the last one.");
        m_output.line("Go on with: " + m_output.typed("llamahome resume " + summary.runName));
        return;
    }
    m_output.line("Talk to it: " +
                  m_output.typed("llamahome chat " + model + " --adapter " + summary.adapterName));
}

Result<void> TrainPrinter::finish(const jobs::TrainSummary& summary, const std::string& model) {
    m_output.endLiveLine();
    if (const std::uint64_t count = m_output.eventsLeftOut(); count > 0)
        m_output.jsonLine(Json{{"kind", "notice"},
                               {"text", "left out here, as nobody read: " + countWithNoun(count, "line") +
                                            "; the run's folder has all"}});
    m_output.jsonLine(summaryJson(summary));
    showSamples(summary);
    showResult(summary, model);
    if (summary.end != jobs::TrainEnd::Interrupted) return {};
    return Error{codes::kCancelled, "stopped at step " + std::to_string(summary.steps) + " of " +
                                        std::to_string(summary.totalSteps) +
                                        ", the checkpoint is written; continue with: " +
                                        m_output.typed("llamahome resume " + summary.runName)};
}

} // namespace llamahome::app
