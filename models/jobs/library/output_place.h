// Where a person asked something to be written: a folder is worked on beside its place and is there whole or
// not at all; nothing is overwritten. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

class OutputPlace {
public:
    /// Makes the folder to work in, ".NAME.PROCESS.llamahome-part" beside `target`; what attempts of
    /// processes that are no more left there is cleared away. EXP-01 where `target` is there already, unless
    /// it is an empty folder; FILE-03 where `neededBytes` do not fit on its disk. `files` outlives this.
    static Result<OutputPlace> prepare(FileLayer& files, const std::filesystem::path& target,
                                       std::uint64_t neededBytes);
    /// Removes what was written unless publish() succeeded.
    ~OutputPlace();
    OutputPlace(OutputPlace&& other) noexcept;
    OutputPlace(const OutputPlace&) = delete;
    OutputPlace& operator=(const OutputPlace&) = delete;

    /// The folder to write into.
    const std::filesystem::path& folder() const { return m_folder; }
    const std::filesystem::path& target() const { return m_target; }
    /// Gives it its name. Where only the flush of that name fails, the folder stands, and the error tells.
    Result<void> publish();

private:
    OutputPlace(FileLayer& files, std::filesystem::path target, std::filesystem::path folder);

    FileLayer* m_files; ///< null once there is nothing to remove
    std::filesystem::path m_target;
    std::filesystem::path m_folder;
};

/// The absolute path of a folder to be written: EXP-01 and FILE-03 as above. Changes nothing.
Result<std::filesystem::path> checkOutputFolder(const std::filesystem::path& target,
                                                std::uint64_t neededBytes);

/// The absolute path of a file to be written; EXP-01 where something is there, FILE-03 as above.
Result<std::filesystem::path> checkOutputFile(const std::filesystem::path& target, std::uint64_t neededBytes);

} // namespace llamahome::jobs
