// TrainRelay: carries what a run tells from the engine thread to the GUI thread, ten times a second at most.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "jobs/train/train_sink.h"
#include "managers/metric_columns.h"

namespace llamahome::managers {

/// What happened since the last news.
struct TrainNews {
    std::optional<std::string> runName; ///< the folder is there
    std::optional<jobs::TrainForecast> forecast;
    std::optional<std::string> phase;
    std::optional<Progress> progress; ///< of the phase told last; "evaluating" between the steps
    std::vector<MetricSample> samples;
    std::vector<jobs::SampleAnswer> answers;
    std::vector<std::string> notices;
};

/// Lives on the engine thread for one run. Points and progress wait for their turn; all else is told at once.
class TrainRelay final : public jobs::TrainSink {
public:
    using Deliver = std::function<void(TrainNews)>;
    using OpenRunLog = std::function<std::shared_ptr<void>(const std::filesystem::path&)>;

    /// `deliver` is called on the engine thread. `progress` gets what the status bar shows: while
    /// training steps alone. `clock` outlives it.
    TrainRelay(Deliver deliver, ProgressSink progress, OpenRunLog openRunLog, const Clock& clock);

    void onStart(const jobs::RunFolder& run) override;
    void onForecast(const jobs::TrainForecast& forecast) override;
    void onPhase(std::string_view phase) override;
    void onProgress(const Progress& progress) override;
    void onMetric(const engine::MetricPoint& point) override;
    void onSample(const jobs::SampleAnswer& sample) override;
    void onNotice(std::string_view notice) override;

    /// Tells what still waits.
    void flush();

private:
    void flushWhenDue();

    Deliver m_deliver;
    ProgressSink m_progress;
    OpenRunLog m_openRunLog;
    const Clock& m_clock;
    std::string m_phase;
    Progress m_steps; ///< as told last
    TrainNews m_news;
    std::shared_ptr<void> m_runLog;
    double m_lastTold = -1.0;
    double m_lastPoint = -1.0;
};

} // namespace llamahome::managers
