// A folder that a person asked to be written: worked on beside its place, there whole or not at all. Not on
// the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

class OutputPlace {
public:
    /// Makes the folder to work in, ".NAME.llamahome-part" beside `target`; what an earlier, cut-off attempt
    /// left there is cleared away. EXP-01 where `target` is there already, unless it is an empty folder;
    /// FILE-03 where `neededBytes` do not fit on its disk. `files` outlives this.
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
    /// Gives it its name.
    Result<void> publish();

private:
    OutputPlace(FileLayer& files, std::filesystem::path target, std::filesystem::path folder);

    FileLayer* m_files; ///< null once there is nothing to remove
    std::filesystem::path m_target;
    std::filesystem::path m_folder;
};

} // namespace llamahome::jobs
