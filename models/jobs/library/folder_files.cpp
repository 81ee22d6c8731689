#include "jobs/library/folder_files.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;

std::vector<FolderFile> filesBelow(const fs::path& folder) {
    std::vector<FolderFile> found;
    std::error_code failure;
    for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code ignored;
        if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) continue;
        const bool counts = entry->is_regular_file(ignored) && !entry->is_symlink(ignored);
        std::error_code unreadable;
        const std::uint64_t bytes = counts ? entry->file_size(unreadable) : 0;
        found.push_back({displayPath(entry->path().lexically_relative(folder)), unreadable ? 0 : bytes});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return found;
}

std::uint64_t bytesBelow(const fs::path& folder) {
    std::uint64_t total = 0;
    for (const FolderFile& file : filesBelow(folder))
        total += file.bytes;
    return total;
}

std::vector<std::string> entryNames(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure))
        names.push_back(displayPath(one->path().filename()));
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> folderNames(const std::filesystem::path& folder) {
    std::vector<std::string> names = entryNames(folder);
    std::erase_if(names, [&](const std::string& name) {
        std::error_code unreadable;
        return name.starts_with('.') || !std::filesystem::is_directory(folder / name, unreadable);
    });
    return names;
}

Result<std::vector<std::filesystem::path>> filesOf(const std::filesystem::path& folder,
                                                   bool (*isWanted)(std::string_view name)) {
    namespace fs = std::filesystem;
    std::vector<fs::path> paths;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure)) {
        std::error_code unreadable;
        if (isWanted(displayPath(one->path().filename())) && fs::is_regular_file(one->path(), unreadable))
            paths.push_back(one->path());
    }
    if (failure) return Error{codes::kFileRead, displayPath(folder) + ": " + failure.message()};
    return paths;
}

Result<std::uint64_t> sizeOf(const std::vector<std::filesystem::path>& files) {
    std::uint64_t bytes = 0;
    for (const std::filesystem::path& file : files) {
        const auto size = fileSize(file);
        if (!size) return size.error();
        bytes += *size;
    }
    return bytes;
}

} // namespace llamahome::jobs
