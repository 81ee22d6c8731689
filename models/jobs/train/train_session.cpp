#include "jobs/train/train_session.h"

#include <cmath>

#include "core/count_with_noun.h"
#include "core/error_codes.h"
#include "core/log.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/train/remedy.h"
#include "jobs/train/run_identity.h"

namespace llamahome::jobs {
namespace {

std::string causeOf(TrainEnd end, std::int64_t steps, const std::optional<RunBest>& best) {
    const std::string done = countWithNoun(static_cast<std::uint64_t>(steps), "step") + " done";
    switch (end) {
    case TrainEnd::Finished:
        return steps == 1 ? done : "all " + done;
    case TrainEnd::EarlyStopped:
        return "stopped early after " + done + ": no improvement since step " +
               std::to_string(best ? best->step : 0);
    case TrainEnd::Interrupted:
        break;
    }
    return "stopped on request, " + done;
}

std::string endWord(TrainEnd end) {
    switch (end) {
    case TrainEnd::Finished:
        return "finished";
    case TrainEnd::EarlyStopped:
        return "stopped early";
    case TrainEnd::Interrupted:
        break;
    }
    return "interrupted";
}

constexpr std::uint64_t kLinesBytes = 4096; ///< of one metric, and of the record beside it

std::optional<double> finite(double value) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

} // namespace

TrainSession::TrainSession(const TrainPlace& place, RunFolder& run, TrainWork work)
    : m_place(place)
    , m_run(run)
    , m_work(std::move(work))
    , m_store(place.files, run.checkpoints(), m_work.settings.training.checkpoint.keep,
              baseModelName(run.record()))
    , m_disk(place.controls, place.sink, place.cancel)
    , m_memory(place.controls.memory)
    , m_record(run.record()) {}

Result<TrainSummary> TrainSession::run() {
    auto summary = work();
    if (!summary) summary = recordFailure(summary.error());
    logLine(LogLevel::Info, "jobs", "run " + m_run.name() + " ends: " + m_record.cause);
    return summary;
}

Result<TrainSummary> TrainSession::work() {
    auto metrics = MetricLog::open(m_place.files, m_run.metricsFile(), m_place.clock);
    if (!metrics) return metrics.error();
    m_metrics = std::move(*metrics);
    auto model = openBase();
    if (!model) return model.error();
    const std::string precision = precisionName(model->model->precision());
    if (m_work.resumeFrom)
        if (auto same = checkPrecision(m_record, precision); !same) return same.error();
    m_record.precision = precision;
    answer(*model, "before", 0); // those that a run that was cut off still owes, too
    if (m_place.cancel.isCancelled())
        return Error{codes::kCancelled, "training was stopped before it began; run `llamahome resume " +
                                            m_run.name() + "` to go on"};
    const auto outcome = train(*model);
    if (!outcome) return outcome.error();
    return publish(*model, *outcome);
}

Result<OpenModel> TrainSession::openBase() {
    tellPhase("loading the model");
    const config::TrainingSettings& training = m_work.settings.training;
    return openModel(m_place.engine, m_place.files, m_record.modelFolder, {},
                     {training.precision, training.quantize, m_work.settings.data.template_name},
                     m_place.cancel, [this](const Progress& progress) { m_place.sink.onProgress(progress); });
}

bool TrainSession::isStoppedEarly(const engine::TrainState& state) const {
    const auto& stopping = m_work.settings.training.early_stopping;
    return stopping.enabled && state.best && state.best->evaluationsWithoutImprovement >= stopping.patience;
}

Result<engine::TrainOutcome> TrainSession::train(OpenModel& model) {
    tellPhase(std::string(kTrainingPhase));
    if (m_work.resumeFrom && isStoppedEarly(*m_work.resumeFrom)) {
        // The run was cut off between its last evaluation and its adapter.
        const engine::TrainState& state = *m_work.resumeFrom;
        return engine::TrainOutcome{engine::StopCause::EarlyStopped, state, state.trainedTokens,
                                    state.trainedSeconds};
    }
    engine::TrainRequest request;
    request.settings = m_work.settings.training;
    request.recomputedLayers = m_work.recomputedLayers;
    request.trainRows = std::move(m_work.data.trainRows);
    request.validationRows = std::move(m_work.data.validationRows);
    request.initialAdapter = std::move(m_work.initialAdapter);
    request.resumeFrom = std::move(m_work.resumeFrom);
    request.checkMemory = [this](std::uint64_t growthBytes) { return m_memory.check(growthBytes); };
    request.cancel = m_place.cancel;
    m_model = &model;
    auto outcome = model.model->train(request, *this);
    m_model = nullptr;
    return outcome;
}

Result<void> TrainSession::onMetric(const engine::MetricPoint& point) {
    const auto append = [&] { return m_metrics->append(point); };
    if (auto appended = m_disk.write(m_run.path(), kLinesBytes, append); !appended) return appended;
    m_record.step = point.step;
    m_record.trainLoss = finite(point.trainLoss);
    m_place.sink.onMetric(point);
    if (const auto doubt = m_losses.look(point)) m_place.sink.onNotice(*doubt);
    return {};
}

Result<void> TrainSession::onCheckpoint(const engine::TrainState& state) {
    return m_disk.write(m_run.path(), checkpointBytes(state.expAvg.size()), [&]() -> Result<void> {
        if (auto synced = m_metrics->sync(); !synced) return synced;
        const auto written = m_store.write(state);
        if (!written) return written.error();
        m_record.step = state.step;
        if (state.best) m_record.best = RunBest{state.best->evalLoss, state.best->step};
        return m_run.update(m_record, m_place.clock);
    });
}

/// Before the first step and after the last there are answers of their own.
Result<void> TrainSession::onEvaluated(std::int64_t step) {
    if (m_work.settings.training.evaluation.answers != "each") return {};
    if (step == 0 || step == m_record.totalSteps) return {};
    m_model->model->forgetContext(); // of an adapter that was
    answer(*m_model, "during", step);
    m_model->model->forgetContext();
    tellPhase(std::string(kTrainingPhase));
    return {};
}

void TrainSession::tellPhase(const std::string& phase) {
    m_disk.setPhase(phase);
    m_place.sink.onPhase(phase);
}

void TrainSession::onProgress(const Progress& progress) {
    m_place.sink.onProgress(progress);
}

bool TrainSession::takesBest(const engine::TrainOutcome& outcome) const {
    const auto& best = outcome.state.best;
    if (!best || best->step == outcome.state.step) return false;
    if (outcome.cause != engine::StopCause::Cancelled) return true;
    // Until something was measured after the start, the start is no rival.
    const bool isCompared = best->step > 0 || best->evaluationsWithoutImprovement > 0;
    return isCompared && m_place.controls.stop.get() == StopKeeps::Best;
}

engine::TrainState TrainSession::chosenState(const engine::TrainOutcome& outcome) {
    if (!takesBest(outcome)) return outcome.state;
    const auto& best = outcome.state.best;
    if (best->step == 0)
        m_place.sink.onNotice(
            "the eval loss never fell below its value before training; the adapter is that of "
            "step 0, which changes nothing: try a higher training.learning_rate or more data");
    auto loaded = m_store.load(best->step);
    if (loaded) return std::move(loaded->state);
    m_place.sink.onNotice("the best state cannot be used, the last one is taken: " + loaded.error().message);
    return outcome.state;
}

Result<TrainSummary> TrainSession::publish(OpenModel& model, const engine::TrainOutcome& outcome) {
    if (auto kept = onCheckpoint(outcome.state); !kept) return kept.error();
    engine::TrainState chosen = chosenState(outcome);
    TrainSummary summary = summaryOf(outcome, chosen.step);
    if (summary.end != TrainEnd::Interrupted) {
        if (auto set = model.model->setAdapter(chosen.adapter); !set) return set.error();
        answer(model, "after", chosen.step);
    }
    summary.samples = readSamples(m_run.samplesFile());
    const bool isKept =
        summary.end != TrainEnd::Interrupted || m_place.controls.stop.get() != StopKeeps::Nothing;
    if (isKept)
        if (auto written = writeAdapter(std::move(chosen), summary); !written) return written.error();
    if (auto recorded = m_disk.write(m_run.path(), kLinesBytes, [&] { return recordEnd(summary); });
        !recorded)
        return recorded.error();
    return summary;
}

Result<void> TrainSession::writeAdapter(engine::TrainState chosen, TrainSummary& summary) {
    tellPhase("writing the adapter");
    AdapterRequest request{m_run.name(), m_record, m_work.settings, {}, std::move(chosen.adapter), {}};
    request.result = {endWord(summary.end),  chosen.step,           summary.steps,
                      summary.totalSteps,    summary.epochs,        summary.trainedTokens,
                      summary.lastTrainLoss, summary.firstEvalLoss, {}};
    if (summary.best && summary.best->step == chosen.step)
        request.result.adapterEvalLoss = summary.best->evalLoss;
    request.announce = [this](const std::filesystem::path& folder) {
        m_record.adapterFolder = folder;
        return m_run.update(m_record, m_place.clock);
    };
    auto folder = Result<std::filesystem::path>(std::filesystem::path());
    const auto write = [&]() -> Result<void> {
        folder = writeFinishedAdapter(m_place.files, m_place.root, request);
        return folder ? Result<void>() : Result<void>(folder.error());
    };
    if (auto written = m_disk.write(m_place.root.finetuned(), checkpointBytes(chosen.expAvg.size()), write);
        !written) {
        std::error_code failure;
        if (!std::filesystem::exists(m_record.adapterFolder, failure))
            m_record.adapterFolder = request.record.adapterFolder;
        return written;
    }
    summary.adapterFolder = *folder;
    summary.adapterName = displayPath(folder->filename());
    return {};
}

void TrainSession::answer(OpenModel& model, std::string_view when, std::int64_t step) {
    auto prompts = samplePrompts(m_work.settings, m_work.data.examples);
    dropAnswered(prompts, readSamples(m_run.samplesFile()), when, step);
    if (prompts.empty()) return;
    const bool isDuring = when == "during";
    tellPhase("answering " + countWithNoun(prompts.size(), "prompt") +
              (isDuring ? " after step " + std::to_string(step) : " " + std::string(when) + " training"));
    const SampleListener listener{[this](const SampleAnswer& sample) { m_place.sink.onSample(sample); },
                                  [this](std::string_view notice) { m_place.sink.onNotice(notice); },
                                  [this](const Progress& progress) { m_place.sink.onProgress(progress); }};
    answerSamples(model, prompts, m_work.settings.data.date, when, step,
                  isDuring ? kSampleTokensDuring : kSampleTokens, m_place.files, m_run.samplesFile(),
                  listener, m_place.cancel);
}

TrainSummary TrainSession::summaryOf(const engine::TrainOutcome& outcome, std::int64_t adapterStep) const {
    TrainSummary summary;
    summary.end = outcome.cause == engine::StopCause::Cancelled      ? TrainEnd::Interrupted
                  : outcome.cause == engine::StopCause::EarlyStopped ? TrainEnd::EarlyStopped
                                                                     : TrainEnd::Finished;
    summary.runName = m_run.name();
    summary.runFolder = m_run.path();
    summary.adapterStep = adapterStep;
    summary.steps = outcome.state.step;
    summary.totalSteps = m_record.totalSteps;
    summary.best = m_record.best;
    summary.lastTrainLoss = finite(outcome.state.lastTrainLoss);
    summary.data = m_work.data.counts;
    summary.trainedTokens = outcome.trainedTokens;
    summary.seconds = outcome.seconds;
    const auto lines = readMetrics(m_run.metricsFile());
    if (!lines) return summary; // what is written there is told by the sink too
    for (const MetricLine& line : *lines) {
        summary.epochs = line.point.epoch;
        if (!line.point.evalLoss) continue;
        if (!summary.firstEvalLoss) summary.firstEvalLoss = line.point.evalLoss;
        summary.lastEvalLoss = line.point.evalLoss;
    }
    return summary;
}

Result<void> TrainSession::recordEnd(const TrainSummary& summary) {
    m_record.state = summary.end == TrainEnd::Interrupted ? RunState::Stopped : RunState::Finished;
    m_record.cause = causeOf(summary.end, summary.steps, summary.best);
    m_record.code.clear();
    if (!summary.adapterFolder.empty()) m_record.adapterFolder = summary.adapterFolder;
    return m_run.update(m_record, m_place.clock);
}

Error TrainSession::recordFailure(Error error) {
    const bool isStop = error.code == codes::kCancelled;
    const auto remedies = remediesFor(error.code.text, m_record.step, m_work.settings);
    if (!remedies.empty())
        error.message += "; go on with " + remedyWords(remedies.front().kind) + ": `" +
                         remedyCommand(m_run.name(), remedies.front()) + "`";
    m_record.state = isStop ? RunState::Stopped : RunState::Failed;
    m_record.cause = isStop ? "stopped on request before training began" : error.message;
    m_record.code = isStop ? std::string() : std::string(error.code.text);
    if (auto updated = m_run.update(m_record, m_place.clock); !updated)
        logLine(LogLevel::Error, "jobs", "run " + m_run.name() + ": " + updated.error().message);
    return error;
}

} // namespace llamahome::jobs
