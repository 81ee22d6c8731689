// RunNoteKeeper: writes the notes of runs, of each the last text only. put() on the GUI thread; the rest on
// the file pool.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::managers {

/// Files are touched by one thread at a time. A note that cannot be written stays here and is tried again at
/// the next drain(); that of a run that is gone does not.
class RunNoteKeeper {
public:
    struct Outcome {
        std::string run;
        std::optional<Error> error; ///< nothing: it is on the disk
    };

    RunNoteKeeper(jobs::DataRoot root, FileLayer& files);

    /// The note that the next drain() writes. Never waits for a file.
    void put(const std::string& run, const std::string& note);
    /// The failures of one text are told once; all are logged.
    std::vector<Outcome> drain();
    /// That which waits, else that in the run's folder; errors as readRunNote().
    Result<std::string> read(const std::string& run, const std::filesystem::path& folder);

private:
    struct Waiting {
        std::string note;
        bool isFailureTold = false;
    };

    Result<void> write(const std::string& run, const std::string& note);

    jobs::DataRoot m_root;
    FileLayer& m_files;
    std::mutex m_filesGuard; ///< held while files are read and written
    std::mutex m_waitingGuard;
    std::map<std::string, Waiting> m_waiting;
};

} // namespace llamahome::managers
