// TrainSession: the part of a run between its folder and its end, the same for a new and a resumed one. The
// engine thread.
#pragma once

#include <optional>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/disk_wait.h"
#include "jobs/train/loss_watch.h"
#include "jobs/train/memory_guard.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_controls.h"
#include "jobs/train/train_sink.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// What a session works with; all outlive it.
struct TrainPlace {
    engine::Engine& engine;
    const DataRoot& root;
    FileLayer& files;
    const Clock& clock;
    TrainSink& sink;
    const CancelToken& cancel;
    const RunControls& controls;
};

struct TrainWork {
    config::Settings settings;         ///< rows and accumulation as they were settled
    std::int64_t recomputedLayers = 0; ///< settled from gradient_checkpointing; a resumed run settles it anew
    TrainData data;
    std::optional<formats::PeftAdapter> initialAdapter;
    std::optional<engine::TrainState> resumeFrom;
};

class TrainSession final : private engine::TrainObserver {
public:
    TrainSession(const TrainPlace& place, RunFolder& run, TrainWork work);

    /// Loads, trains, publishes. Whatever happens is recorded in run.json before it returns.
    Result<TrainSummary> run();

private:
    Result<void> onMetric(const engine::MetricPoint& point) override;
    Result<void> onCheckpoint(const engine::TrainState& state) override;
    Result<void> onEvaluated(std::int64_t step) override;
    void onProgress(const Progress& progress) override;

    Result<TrainSummary> work();
    Result<OpenModel> openBase();
    Result<engine::TrainOutcome> train(OpenModel& model);
    Result<TrainSummary> publish(OpenModel& model, const engine::TrainOutcome& outcome);
    void tellPhase(const std::string& phase);
    /// Whether the best state becomes the adapter of a run with that outcome, and not the last.
    bool takesBest(const engine::TrainOutcome& outcome) const;
    /// The state that becomes the adapter.
    engine::TrainState chosenState(const engine::TrainOutcome& outcome);
    Result<void> writeAdapter(engine::TrainState chosen, TrainSummary& summary);
    void answer(OpenModel& model, std::string_view when, std::int64_t step);
    TrainSummary summaryOf(const engine::TrainOutcome& outcome, std::int64_t adapterStep) const;
    Result<void> recordEnd(const TrainSummary& summary);
    /// Records it, and adds to its message with what change the run can go on.
    Error recordFailure(Error error);
    bool isStoppedEarly(const engine::TrainState& state) const;

    TrainPlace m_place;
    RunFolder& m_run;
    TrainWork m_work;
    CheckpointStore m_store;
    std::optional<MetricLog> m_metrics;
    DiskWait m_disk;
    MemoryGuard m_memory;
    LossWatch m_losses;
    OpenModel* m_model = nullptr; ///< while it trains
    RunRecord m_record;           ///< as it will be written next
};

} // namespace llamahome::jobs
