#include "jobs/train/run_list.h"

#include <algorithm>

#include "config/nearest_name.h"
#include "config/setting_descriptor.h"
#include "config/settings_loader.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/library/folder_files.h"
#include "jobs/train/run_changes.h"
#include "jobs/train/run_folder.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kRemovedPrefix = ".removed-";

bool isFolder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(fs::symlink_status(path, ignored));
}

/// The facts that hold whatever run.json says.
RunInfo infoOf(const fs::path& folder) {
    RunInfo run;
    run.name = displayPath(folder.filename());
    run.path = folder;
    run.sizeBytes = bytesBelow(folder);
    for (const std::string& name : entryNames(folder / "checkpoints"))
        if (name.starts_with("step-") && name.find('.') == std::string::npos) run.checkpoints.push_back(name);
    return run;
}

std::string dataText(const RunRecord& record) {
    std::string text;
    for (const RunDataFile& file : record.dataFiles)
        text += (text.empty() ? "" : ", ") + displayPath(file.path) + " (" + file.sha256.substr(0, 12) + ")";
    if (record.validationFile) text += "; validation " + displayPath(record.validationFile->path);
    return text;
}

/// What is compared besides settings, by name.
std::vector<std::pair<std::string, std::string>> factsOf(const RunInfo& run) {
    const RunRecord& record = run.record;
    const auto number = [](bool isThere, double value) {
        return isThere ? formatNumber(value) : std::string();
    };
    return {{"model", record.family + "/" + record.version + " (" + record.modelDigest.substr(0, 12) + ")"},
            {"data", dataText(record)},
            {"init_adapter", displayPath(record.initAdapter)},
            {"program_version", record.programVersion},
            {"state", std::string(runStateName(record.state))},
            {"step", std::to_string(record.step) + " of " + std::to_string(record.totalSteps)},
            {"train_loss", number(record.trainLoss.has_value(), record.trainLoss.value_or(0.0))},
            {"best eval_loss", number(record.best.has_value(), record.best ? record.best->evalLoss : 0.0)}};
}

void addRemedies(RunInfo& run) {
    if (run.record.state != RunState::Failed) return;
    if (const auto settings = readRunSettings(run))
        run.remedies = remediesFor(run.record.code, run.record.step, *settings);
}

} // namespace

Result<RunInfo> readRun(const fs::path& folder) {
    if (!isFolder(folder))
        return Error{codes::kRunUnknown,
                     "run: found no folder " + displayPath(folder) + "; `llamahome runs` lists them"};
    RunInfo run = infoOf(folder);
    auto record = readRunRecord(folder);
    if (record) {
        run.record = std::move(*record);
        if (run.record.state == RunState::Running && !isRunAlive(folder, run.record)) {
            run.record.state = RunState::Interrupted;
            run.record.cause = "it was cut off; go on with `llamahome resume " + run.name + "`";
        }
        addRemedies(run);
        return run;
    }
    if (record.error().code != codes::kRunUnknown) return record.error();
    run.record.state = RunState::Interrupted;
    run.record.cause = "cut off before it began; remove it with `llamahome runs remove " + run.name + "`";
    return run;
}

bool canResume(const RunInfo& run) {
    const RunState state = run.record.state;
    return state != RunState::Running && state != RunState::Finished && !run.record.startedAt.empty();
}

std::vector<RunInfo> listRuns(const DataRoot& root) {
    std::vector<RunInfo> runs;
    for (const std::string& name : entryNames(root.checkpoints())) {
        const fs::path folder = root.checkpoints() / name;
        if (name.front() == '.' || !isFolder(folder)) continue;
        auto run = readRun(folder);
        if (run) {
            runs.push_back(std::move(*run));
            continue;
        }
        RunInfo damaged = infoOf(folder);
        damaged.record.state = RunState::Failed;
        damaged.record.cause = run.error().message;
        damaged.record.code = std::string(run.error().code.text);
        runs.push_back(std::move(damaged));
    }
    return runs;
}

Result<RunInfo> findRun(const DataRoot& root, const std::string& name) {
    std::vector<std::string> known;
    for (const std::string& candidate : entryNames(root.checkpoints()))
        if (candidate.front() != '.' && isFolder(root.checkpoints() / candidate)) known.push_back(candidate);
    if (std::find(known.begin(), known.end(), name) != known.end()) return readRun(root.checkpoints() / name);
    const std::string nearest = config::nearestName(name, known);
    return Error{codes::kRunUnknown, "run '" + name + "': found none of that name in " +
                                         displayPath(root.checkpoints()) +
                                         (nearest.empty() ? "" : "; did you mean '" + nearest + "'?") +
                                         "; `llamahome runs` lists them"};
}

Result<config::Settings> readRunSettings(const RunInfo& run) {
    config::SettingsSources sources;
    sources.configFile = run.path / "config.yaml";
    sources.hasValidationFile = run.record.validationFile.has_value();
    config::SettingsReport report = config::checkSettings(sources);
    std::erase_if(report.problems, [](const config::SettingProblem& problem) {
        return problem.code == codes::kSettingsContradict;
    });
    if (!report.problems.empty()) return config::problemsError(report.problems);
    applyRecordedChanges(run.record.changes, report.resolved.values);
    return report.resolved.values;
}

Result<std::vector<RunDifference>> diffRuns(const RunInfo& a, const RunInfo& b) {
    std::vector<RunDifference> differences;
    const auto factsA = factsOf(a);
    const auto factsB = factsOf(b);
    for (std::size_t i = 0; i < factsA.size(); ++i)
        if (factsA[i].second != factsB[i].second)
            differences.push_back({factsA[i].first, factsA[i].second, factsB[i].second});
    const auto settingsA = readRunSettings(a);
    if (!settingsA) return settingsA.error();
    const auto settingsB = readRunSettings(b);
    if (!settingsB) return settingsB.error();
    for (const config::SettingDescriptor& setting : config::allSettings()) {
        const std::string valueA = config::settingText(setting, *settingsA);
        const std::string valueB = config::settingText(setting, *settingsB);
        if (valueA != valueB) differences.push_back({setting.key, valueA, valueB});
    }
    return differences;
}

Error runActiveError(const RunInfo& run) {
    return Error{codes::kRunActive, "run '" + run.name + "': found it running (process " +
                                        std::to_string(run.record.process.pid) +
                                        "), expected it to be at rest; stop it first"};
}

Result<RunRemovalPlan> planRunRemoval(const RunInfo& run) {
    if (run.record.state == RunState::Running) return runActiveError(run);
    RunRemovalPlan plan{run.name, run.path, {}, 0};
    for (const FolderFile& file : filesBelow(run.path)) {
        plan.files.push_back(file.path);
        plan.freedBytes += file.bytes;
    }
    return plan;
}

Result<void> removeRun(const RunRemovalPlan& plan, const RootLock& lock, FileLayer& files) {
    const auto removing = lock.removing();
    if (const auto run = readRun(plan.folder); run && run->record.state == RunState::Running)
        return runActiveError(*run);
    const fs::path doomed = plan.folder.parent_path() / (std::string(kRemovedPrefix) + plan.name);
    if (auto done = removeTree(files, doomed); !done) return done;
    if (auto done = files.rename(plan.folder, doomed); !done) return done;
    return removeTree(files, doomed);
}

Result<void> clearRemovedRuns(const RootLock& lock, FileLayer& files) {
    const auto removing = lock.removing();
    const fs::path folder = lock.root().checkpoints();
    for (const std::string& name : entryNames(folder))
        if (name.starts_with(kRemovedPrefix))
            if (auto done = removeTree(files, folder / name); !done) return done;
    return {};
}

} // namespace llamahome::jobs
