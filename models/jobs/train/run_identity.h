// What a run is made from, so that resume can tell when it is no longer the same. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/train/run_record.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// The digest of a model's manifest, whose files must be there with their sizes; of a folder without a
/// manifest that of its files, all of them read.
Result<std::string> modelIdentity(const std::filesystem::path& folder, const CancelToken& cancel,
                                  const ProgressSink& progress);

/// Path (absolute), size and SHA-256.
Result<RunDataFile> identifyDataFile(const std::filesystem::path& path, const CancelToken& cancel,
                                     const ProgressSink& progress);

/// Notices that files are written to between its making and check().
class FileWatch {
public:
    explicit FileWatch(const std::vector<std::filesystem::path>& files);
    /// DATA-20 naming the first that is no longer the same.
    Result<void> check() const;

private:
    struct Watched {
        std::filesystem::path path;
        std::string stamp; ///< of the file's place, size and last change
    };
    static std::string stampOf(const std::filesystem::path& path);

    std::vector<Watched> m_files;
};

/// Digest of an adapter folder's two files.
Result<std::string> adapterIdentity(const std::filesystem::path& folder, const CancelToken& cancel);

/// The settings that decide what a run computes, by key: those of training and data without what only says
/// how much is kept, shown or done at once.
std::vector<RunSetting> decisiveSettings(const config::Settings& settings);

/// What this machine is to a run.
RunMachine machineOf(const engine::Engine& engine);

/// What of machine and program is not as in the record: the last digits may come out differently from here
/// on. What the record does not know is left out; the step of the changes is still to be set.
std::vector<RunChange> machineChanges(const RunRecord& record, const RunMachine& now,
                                      const std::string& programVersion);

/// RUN-08 where the products' precision is not that of the run, which settles its losses' last digits.
Result<void> checkPrecision(const RunRecord& record, const std::string& found);

/// RUN-08 naming the first thing that is not as recorded: setting, base or data file. The adapter that the
/// run began from counts only where it begins again; resumeTraining() looks at it then.
Result<void> checkUnchanged(const RunRecord& record, const config::Settings& settings,
                            const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
