// What holds of a data root after every fault of a training, whatever it was. One thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error_codes.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/manifest.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_list.h"
#include "support/training_ground.h"

namespace llamahome::testing {

inline bool isFinite(const formats::PeftAdapter& adapter) {
    return std::all_of(adapter.pairs.begin(), adapter.pairs.end(), [](const formats::LoraPair& pair) {
        const auto finite = [](float value) { return std::isfinite(value); };
        return std::all_of(pair.loraA.begin(), pair.loraA.end(), finite) &&
               std::all_of(pair.loraB.begin(), pair.loraB.end(), finite);
    });
}

/// The newest checkpoint that verifies holds finite numbers; a run that got as far as one has one.
inline std::string brokenCheckpoint(const jobs::RunInfo& run) {
    const jobs::CheckpointStore store(systemFiles(), run.path / "checkpoints", 2, {});
    if (store.steps().empty()) return {};
    const auto newest = store.loadNewest();
    if (!newest) return "no checkpoint verifies: " + newest.error().message;
    if (!isFinite(newest->state.adapter)) return "a checkpoint holds numbers that are none";
    return {};
}

/// An adapter that has its name is whole.
inline std::string brokenAdapter(const std::filesystem::path& folder) {
    if (folder.filename().string().starts_with('.')) return {}; // not there yet
    if (!jobs::readManifest(folder)) return displayPath(folder) + " has no manifest";
    const auto adapter = formats::readPeftAdapter(folder);
    if (!adapter) return adapter.error().message;
    return isFinite(*adapter) ? std::string() : displayPath(folder) + " holds numbers that are none";
}

/// Empty, or what is broken: a run that nobody can read, a newest checkpoint that is none, half an adapter.
inline std::string brokenAfterFault(const TrainingGround& ground) {
    for (const jobs::RunInfo& run : jobs::listRuns(ground.root)) {
        if (run.record.state == jobs::RunState::Running) return run.name + " says that it runs";
        if (run.record.code == codes::kRunDamaged.text) return run.record.cause;
        if (run.record.startedAt.empty()) continue; // cut off before it began, and says so
        if (const auto metrics = jobs::readMetrics(run.path / "metrics.jsonl"); !metrics)
            return metrics.error().message;
        if (const std::string broken = brokenCheckpoint(run); !broken.empty()) return broken;
    }
    for (const std::string& name : namesIn(ground.root.finetuned()))
        if (const std::string broken = brokenAdapter(ground.root.finetuned() / name); !broken.empty())
            return broken;
    return {};
}

/// Goes on with the run until its end, or begins it again where it had not begun. Empty, or why it did not
/// come to that adapter.
inline std::string notTheSameInTheEnd(TrainingGround& ground, const jobs::TrainPlan& plan,
                                      const std::string& adapter) {
    const auto runs = jobs::listRuns(ground.root);
    const bool hasBegun = !runs.empty() && !runs.front().record.startedAt.empty();
    if (hasBegun && runs.front().record.state == jobs::RunState::Finished) {
        const auto kept = readFile(runs.front().record.adapterFolder / "adapter_model.safetensors");
        return kept && *kept == adapter ? std::string() : "a finished run has another adapter, or none";
    }
    const auto ended = hasBegun ? ground.resume(runs.front().name) : ground.train(plan);
    if (!ended) return said(ended);
    if (const std::string broken = brokenAfterFault(ground); !broken.empty()) return broken;
    return adapterBytes(*ended) == adapter ? std::string() : "another adapter in the end";
}

} // namespace llamahome::testing
