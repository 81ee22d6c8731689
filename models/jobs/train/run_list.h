// Runs as `llamahome runs` lists, compares and removes them. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/remedy.h"
#include "jobs/train/run_record.h"

namespace llamahome::jobs {

/// One run as it stands. A run that says "running" while nobody works on it reads as Interrupted; so does a
/// folder that was cut off before run.json was there (its record is empty).
struct RunInfo {
    std::string name;
    std::filesystem::path path;
    RunRecord record;
    std::vector<std::string> checkpoints; ///< names, oldest first; not verified
    std::uint64_t sizeBytes = 0;
    std::vector<Remedy> remedies = {}; ///< of one that failed: with what it can go on
};

/// RUN-01 when there is no such folder, RUN-04 when run.json cannot be read.
Result<RunInfo> readRun(const std::filesystem::path& folder);

/// Whether `llamahome resume` takes it: it is at rest, not finished, and had begun.
bool canResume(const RunInfo& run);

/// All runs by name; one whose run.json is damaged is listed as Failed with the reason as its cause.
std::vector<RunInfo> listRuns(const DataRoot& root);

/// The run of that name; RUN-01 names the nearest.
Result<RunInfo> findRun(const DataRoot& root, const std::string& name);

/// The settings of a run as it would go on: those of its config.yaml, with the changes since. They were
/// accepted when the run began, so what contradicts itself without harm (CFG-10) is no error; anything else
/// wrong is.
Result<config::Settings> readRunSettings(const RunInfo& run);

/// One thing in which two runs differ.
struct RunDifference {
    std::string key; ///< a setting's key, or "model", "data", "best eval_loss", "step", "state", …
    std::string a;
    std::string b;
};

/// Settings, model, data and results that differ, in the order of the settings file.
Result<std::vector<RunDifference>> diffRuns(const RunInfo& a, const RunInfo& b);

/// RUN-06: the run is running.
Error runActiveError(const RunInfo& run);

/// What removal would delete: everything in the run's folder. RUN-06 while the run is running.
struct RunRemovalPlan {
    std::string name;
    std::filesystem::path folder;
    std::vector<std::string> files; ///< paths below the folder
    std::uint64_t freedBytes = 0;
};
Result<RunRemovalPlan> planRunRemoval(const RunInfo& run);

/// Carries it out: one rename makes the run disappear, then its files go. Links are unlinked, never followed.
/// The finished adapter is no part of the run and stays. RUN-06 where the run goes on meanwhile.
Result<void> removeRun(const RunRemovalPlan& plan, const RootLock& lock, FileLayer& files);

/// Finishes removals that were cut off. Nothing else starts with their prefix.
Result<void> clearRemovedRuns(const RootLock& lock, FileLayer& files);

} // namespace llamahome::jobs
