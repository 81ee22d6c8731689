// TrainPrinter: what `train` and `resume` show of a run. Main thread.
#pragma once

#include <string>

#include "app/command_context.h"
#include "app/progress_printer.h"
#include "core/json.h"
#include "jobs/train/train_sink.h"

namespace llamahome::app {

/// Under --json each event is one line on standard output: {"kind":"start"|"train"|"eval"|"sample"|"notice"|
/// "summary", …}; metric lines have the keys of metrics.jsonl.
class TrainPrinter final : public jobs::TrainSink {
public:
    explicit TrainPrinter(CommandContext& context);
    ~TrainPrinter() override;
    TrainPrinter(const TrainPrinter&) = delete;
    TrainPrinter& operator=(const TrainPrinter&) = delete;

    void onStart(const jobs::RunFolder& run) override;
    void onForecast(const jobs::TrainForecast& forecast) override;
    void onPhase(std::string_view phase) override;
    void onProgress(const Progress& progress) override;
    void onMetric(const engine::MetricPoint& point) override;
    void onSample(const jobs::SampleAnswer& sample) override;
    void onNotice(std::string_view notice) override;

    /// Loss before and after, answers side by side, adapter folder, next command. An interrupted run is
    /// RUN-00 with the way to go on.
    Result<void> finish(const jobs::TrainSummary& summary, const std::string& model);

private:
    void showSamples(const jobs::TrainSummary& summary);
    void showResult(const jobs::TrainSummary& summary, const std::string& model);

    CommandContext& m_context;
    Output& m_output;
    ProgressPrinter m_progress;
    Progress m_steps{"training", 0, 0, "steps"}; ///< the last that was told of the training itself
    std::string m_note;
    std::unique_ptr<RunLog> m_runLog;
};

/// Two texts beside each other under their titles, or one above the other where `columns` is too narrow.
std::string sideBySide(const std::string& leftTitle, const std::string& left, const std::string& rightTitle,
                       const std::string& right, std::size_t columns);

} // namespace llamahome::app
