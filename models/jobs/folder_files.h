// What lies below a folder and how much it frees. Any thread but the GUI's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

} // namespace llamahome::jobs
