// A data root with a tiny model and data files, a fake engine, and a sink that remembers: what tests of
// training need. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/train/run_training.h"
#include "support/fake_engine.h"
#include "support/fixed_clock.h"
#include "support/temporary_folder.h"

namespace llamahome::testing {

/// Remembers everything that a run tells.
class RememberingSink : public jobs::TrainSink {
public:
    void onStart(const jobs::RunFolder& run) override { started = run.path(); }
    void onForecast(const jobs::TrainForecast& told) override { forecast = told; }
    void onPhase(std::string_view phase) override { phases.emplace_back(phase); }
    void onProgress(const Progress& progress) override { lastProgress = progress; }
    void onMetric(const engine::MetricPoint& point) override { points.push_back(point); }
    void onSample(const jobs::SampleAnswer& sample) override { samples.push_back(sample); }
    void onNotice(std::string_view notice) override { notices.emplace_back(notice); }

    /// Whether a notice has that text in it.
    bool wasNoticed(std::string_view text) const;

    std::filesystem::path started;
    jobs::TrainForecast forecast;
    std::vector<std::string> phases;
    Progress lastProgress;
    std::vector<engine::MetricPoint> points;
    std::vector<jobs::SampleAnswer> samples;
    std::vector<std::string> notices;
};

struct TrainingGround {
    TemporaryFolder folder;
    jobs::DataRoot root{folder / "root"};
    std::filesystem::path model = folder / "root/data/models/tiny/v1"; ///< without a manifest
    std::filesystem::path data = folder / "data.jsonl";                ///< 12 questions with answers
    FakeEngine engine;
    FixedClock clock;
    RememberingSink sink;
    CancelToken cancel;
    /// Pauses let the clock go on instead of waiting.
    jobs::RunControls controls;

    TrainingGround();

    /// Six steps: 12 rows, of them 2 for validation, batches of 2, accumulation 1, 5 steps an epoch,
    /// max_steps 6, an evaluation every 2 steps, a checkpoint every step that has none.
    jobs::TrainPlan plan() const;
    Result<jobs::TrainSummary> train(const jobs::TrainPlan& plan, FileLayer& files = systemFiles());
    Result<jobs::TrainSummary> resume(const std::string& run, FileLayer& files = systemFiles());
    /// With settings changed, as key and value.
    Result<jobs::TrainSummary> resumeWith(const std::string& run, std::vector<jobs::RunSetting> changes,
                                          FileLayer& files = systemFiles());
};

/// "success", or code and message: for a test's output.
std::string said(const Result<jobs::TrainSummary>& result);

bool contains(const std::string& text, std::string_view part);

/// The lines of a run's metrics.jsonl without what depends on the machine and the hour.
std::vector<std::string> comparableMetrics(const std::filesystem::path& run);

/// Names in a folder, sorted; none where it is missing.
std::vector<std::string> namesIn(const std::filesystem::path& folder);

/// adapter_model.safetensors of a finished run.
std::string adapterBytes(const jobs::TrainSummary& summary);

} // namespace llamahome::testing
