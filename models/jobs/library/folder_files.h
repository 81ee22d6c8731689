// What lies below a folder and how much it frees. Any thread but the GUI's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::jobs {

struct FolderFile {
    std::string path; ///< below the folder
    std::uint64_t bytes = 0;
};

/// Every file and link below a folder, in order of their paths; links are not followed and count nothing.
/// What cannot be read is left out.
std::vector<FolderFile> filesBelow(const std::filesystem::path& folder);

/// The bytes of all of them.
std::uint64_t bytesBelow(const std::filesystem::path& folder);

/// Names of what lies right in a folder, in order; none where it cannot be read.
std::vector<std::string> entryNames(const std::filesystem::path& folder);

/// Those of its folders that are not hidden, links to folders among them.
std::vector<std::string> folderNames(const std::filesystem::path& folder);

/// The regular files right in a folder, links to such among them, whose names `isWanted` takes. FILE-04.
Result<std::vector<std::filesystem::path>> filesOf(const std::filesystem::path& folder,
                                                   bool (*isWanted)(std::string_view name));

/// The bytes of these files, links followed. The errors of fileSize().
Result<std::uint64_t> sizeOf(const std::vector<std::filesystem::path>& files);

} // namespace llamahome::jobs
