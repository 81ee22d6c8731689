// RunRecord: run.json, what a run is made from and how it stands. Values; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "jobs/library/process_mark.h"

namespace llamahome::jobs {

inline constexpr std::string_view kRunRecordName = "run.json";

enum class RunState {
    Running,
    Finished,    ///< by its plan or by early stopping; see cause
    Stopped,     ///< on request; can be resumed
    Failed,      ///< see cause
    Interrupted, ///< never written: says "running" while nobody works on it
};

/// "running", "finished", "stopped", "failed", "interrupted".
std::string_view runStateName(RunState state);

/// A data file as it was when the run began.
struct RunDataFile {
    std::filesystem::path path; ///< absolute
    std::uint64_t sizeBytes = 0;
    std::string sha256;

    friend bool operator==(const RunDataFile&, const RunDataFile&) = default;
};

struct RunBest {
    double evalLoss = 0.0;
    std::int64_t step = 0;
};

/// A setting as `config show` prints it.
struct RunSetting {
    std::string key;
    std::string value;
};

/// Something that is another from a step on, so that what follows is not what the undisturbed run would have
/// come to: a setting by its key, or "libtorch", "processor", "threads", "program".
struct RunChange {
    std::int64_t step = 0; ///< steps done before it
    std::string key;
    std::string from;
    std::string to;
};

/// What the last bits of a result may depend on besides the settings.
struct RunMachine {
    std::string libtorch;  ///< version; empty: not known
    std::string processor; ///< its name, and the vectors that libtorch uses
    int threads = 0;
};

struct RunRecord {
    std::string family;
    std::string version;
    std::filesystem::path modelFolder;
    std::string hubId;       ///< of the base; empty: not known
    std::string modelDigest; ///< identity of the base
    std::vector<RunDataFile> dataFiles;
    std::optional<RunDataFile> validationFile;
    std::filesystem::path initAdapter; ///< empty: a fresh adapter
    std::string initAdapterDigest;
    std::vector<RunSetting> settings; ///< those that decide the result, as resolved
    std::vector<RunChange> changes;   ///< in the order in which they were made
    RunMachine machine;
    std::string precision; ///< of the products, as settled: "bf16", "fp32"; empty: not known yet
    std::string commandLine;
    std::string programVersion;

    RunState state = RunState::Running;
    std::string cause; ///< why it ended: "all 120 steps done", "early stopping", an error's message
    std::string code;  ///< of the error of a failed run
    std::int64_t step = 0;
    std::int64_t totalSteps = 0;
    std::optional<double> trainLoss; ///< of the last step told
    std::optional<RunBest> best;
    std::filesystem::path adapterFolder; ///< finished adapter, chosen before it is there; empty: none yet
    std::string startedAt;               ///< UTC
    std::string updatedAt;
    ProcessMark process;        ///< that wrote this
    bool holdsLifeLock = false; ///< it also has the run's life lock; see RunFolder
};

/// What an adapter's base_model_name_or_path says: the Hub id, else the folder.
std::string baseModelName(const RunRecord& record);

Json runRecordJson(const RunRecord& record);
/// RUN-04 names the file and the field; RUN-05 for a newer schema.
Result<RunRecord> parseRunRecord(const Json& json, const std::string& what);
/// The record of a run's folder, as it is written there. RUN-01 where there is none.
Result<RunRecord> readRunRecord(const std::filesystem::path& folder);

} // namespace llamahome::jobs
