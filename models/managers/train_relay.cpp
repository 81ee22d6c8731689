#include "managers/train_relay.h"

#include <utility>

#include "core/machine.h"

namespace llamahome::managers {
namespace {

/// Together at most ten times a second.
constexpr double kSecondsBetweenPoints = 0.125;
constexpr double kSecondsBetweenProgress = 0.5;

} // namespace

TrainRelay::TrainRelay(Deliver deliver, ProgressSink progress, OpenRunLog openRunLog, const Clock& clock)
    : m_deliver(std::move(deliver))
    , m_progress(std::move(progress))
    , m_openRunLog(std::move(openRunLog))
    , m_clock(clock) {}

void TrainRelay::onStart(const jobs::RunFolder& run) {
    if (m_openRunLog) m_runLog = m_openRunLog(run.logFile());
    m_news.runName = run.name();
    flush();
}

void TrainRelay::onForecast(const jobs::TrainForecast& forecast) {
    m_news.forecast = forecast;
    flush();
}

void TrainRelay::onPhase(std::string_view phase) {
    m_phase = phase;
    m_news.phase = m_phase;
    m_news.progress.reset(); // what still waits is of the phase before
    m_steps = Progress{m_phase, 0, 0, "steps"};
    m_progress(m_steps);
    flush();
}

void TrainRelay::onProgress(const Progress& progress) {
    m_news.progress = progress;
    const bool isEvaluation = m_phase == jobs::kTrainingPhase && progress.phase != jobs::kTrainingPhase;
    if (!isEvaluation) {
        m_news.progress->phase = m_phase;
        m_steps = *m_news.progress;
        m_progress(m_steps);
    }
    if (progress.unit == jobs::kPromptUnit)
        flush(); // few, and each takes long
    else
        flushWhenDue();
}

void TrainRelay::onMetric(const engine::MetricPoint& point) {
    m_news.samples.push_back({point, peakMemoryMib()});
    if (point.isEvaluation) m_news.progress = m_steps; // the evaluation is over
    flushWhenDue();
}

void TrainRelay::onSample(const jobs::SampleAnswer& sample) {
    m_news.answers.push_back(sample);
    flush();
}

void TrainRelay::onNotice(std::string_view notice) {
    m_news.notices.emplace_back(notice);
    flush();
}

void TrainRelay::flushWhenDue() {
    const double now = m_clock.monotonicSeconds();
    const bool isPointDue =
        !m_news.samples.empty() && (m_lastPoint < 0.0 || now - m_lastPoint >= kSecondsBetweenPoints);
    if (isPointDue || m_lastTold < 0.0 || now - m_lastTold >= kSecondsBetweenProgress) flush();
}

void TrainRelay::flush() {
    m_lastTold = m_clock.monotonicSeconds();
    if (!m_news.samples.empty()) m_lastPoint = m_lastTold;
    m_deliver(std::exchange(m_news, {}));
}

} // namespace llamahome::managers
