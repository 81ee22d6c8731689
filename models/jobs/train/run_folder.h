// RunFolder: data/training/checkpoints/<name>/, everything that one training run leaves behind. One writer;
// readers on any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/life_lock.h"
#include "jobs/train/run_record.h"

namespace llamahome::jobs {

inline constexpr std::string_view kRunConfigName = "config.yaml";

/// Writes run.json; every update is whole or not there. The files inside have fixed names. As long as the
/// object lives its life lock is on config.yaml: a record that says "running" without it is of a run that was
/// cut off, in this process too.
class RunFolder {
public:
    /// Claims the folder `name` under `checkpoints` by exclusive creation; an empty name becomes the next
    /// free `<family>_<version>-<n>`. Writes config.yaml (all settings as resolved) and run.json in state
    /// running. RUN-02 for a name that is no plain folder name, RUN-03 for one that is taken. `files`
    /// outlives it.
    static Result<RunFolder> create(FileLayer& files, const std::filesystem::path& checkpoints,
                                    const std::string& name, const config::Settings& settings,
                                    RunRecord record, const Clock& clock);
    /// Opens an existing run for going on; the caller has found it at rest. RUN-01, RUN-04.
    static Result<RunFolder> open(FileLayer& files, const std::filesystem::path& folder);

    const std::filesystem::path& path() const { return m_path; }
    /// The folder's name, by which commands know the run.
    std::string name() const;

    std::filesystem::path configFile() const { return m_path / kRunConfigName; }
    std::filesystem::path metricsFile() const { return m_path / "metrics.jsonl"; }
    std::filesystem::path samplesFile() const { return m_path / "samples.jsonl"; }
    std::filesystem::path logFile() const { return m_path / "run.log"; } ///< written by the program's log
    std::filesystem::path recordFile() const { return m_path / kRunRecordName; }
    std::filesystem::path checkpoints() const { return m_path / "checkpoints"; }

    const RunRecord& record() const { return m_record; }
    /// Replaces run.json; `updated` becomes the time of the clock, the process what this one is.
    Result<void> update(RunRecord record, const Clock& clock);

private:
    RunFolder(FileLayer& files, std::filesystem::path path, RunRecord record);

    FileLayer* m_files;
    std::filesystem::path m_path;
    RunRecord m_record;
    LifeLock m_life;
};

/// RUN-02 for a name that is no plain folder name. `what` begins the message: "--name".
Result<void> checkPlainRunName(std::string_view what, const std::string& name);

/// What create() would refuse `name` for: RUN-02, RUN-03. An empty name is always free.
Result<void> checkRunName(const std::filesystem::path& checkpoints, const std::string& name);

/// Whether a run that says "running" is: its life lock is taken, or its process lives where no lock tells.
bool isRunAlive(const std::filesystem::path& folder, const RunRecord& record);

/// "smollm2_135m-instruct" of family and version; characters that no folder name should have become "-".
std::string runStem(std::string_view family, std::string_view version);

} // namespace llamahome::jobs
