#include "jobs/library/output_place.h"

#include <string_view>
#include <utility>
#include <vector>

#include "core/error_codes.h"
#include "jobs/library/disk_room.h"
#include "jobs/library/process_mark.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPartEnding = ".llamahome-part";

Error isTaken(const fs::path& target) {
    return Error{codes::kExportExists,
                 displayPath(target) + ": is there already; choose another name, or move it away"};
}

fs::path wholePath(const fs::path& target) {
    std::error_code failure;
    const fs::path whole = fs::absolute(target, failure).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
}

std::string partStart(const fs::path& target) {
    return "." + target.filename().string() + ".";
}

/// Drops what cut-off attempts at the same target left. What cannot be dropped stays.
void clearLeftovers(FileLayer& files, const fs::path& target) {
    const std::string start = partStart(target);
    std::vector<fs::path> dead;
    std::error_code failure;
    for (fs::directory_iterator one(target.parent_path(), failure), end; !failure && one != end;
         one.increment(failure)) {
        const std::string name = one->path().filename().string();
        if (!name.starts_with(start) || !name.ends_with(kPartEnding) ||
            name.size() < start.size() + kPartEnding.size())
            continue;
        const std::string_view token =
            std::string_view(name).substr(start.size(), name.size() - start.size() - kPartEnding.size());
        if (!ProcessMark::isTokenAlive(token)) dead.push_back(one->path());
    }
    for (const fs::path& folder : dead)
        (void)removeTree(files, folder);
}

} // namespace

OutputPlace::OutputPlace(FileLayer& files, fs::path target, fs::path folder)
    : m_files(&files)
    , m_target(std::move(target))
    , m_folder(std::move(folder)) {}

OutputPlace::OutputPlace(OutputPlace&& other) noexcept
    : m_files(std::exchange(other.m_files, nullptr))
    , m_target(std::move(other.m_target))
    , m_folder(std::move(other.m_folder)) {}

OutputPlace::~OutputPlace() {
    if (m_files != nullptr) (void)removeTree(*m_files, m_folder);
}

Result<OutputPlace> OutputPlace::prepare(FileLayer& files, const fs::path& target,
                                         std::uint64_t neededBytes) {
    const auto whole = checkOutputFolder(target, neededBytes);
    if (!whole) return whole.error();
    if (auto made = files.makeDirectories(whole->parent_path()); !made) return made.error();
    clearLeftovers(files, *whole);
    const fs::path folder =
        whole->parent_path() /
        (partStart(*whole) + ProcessMark::ofThisProcess().fileToken() + std::string(kPartEnding));
    if (auto made = files.makeDirectory(folder); !made) return made.error();
    return OutputPlace(files, *whole, folder);
}

Result<void> OutputPlace::publish() {
    std::error_code failure;
    if (fs::is_directory(fs::symlink_status(m_target, failure)))
        if (auto removed = m_files->remove(m_target); !removed) return removed;
    if (auto renamed = m_files->rename(m_folder, m_target); !renamed)
        return renamed.error().code == codes::kFileExists ? isTaken(m_target) : renamed.error();
    FileLayer& files = *std::exchange(m_files, nullptr);
    return files.syncDirectory(m_target.parent_path());
}

Result<fs::path> checkOutputFolder(const fs::path& target, std::uint64_t neededBytes) {
    const fs::path whole = wholePath(target);
    std::error_code failure;
    const fs::file_status status = fs::symlink_status(whole, failure);
    if (fs::exists(status) && !(fs::is_directory(status) && fs::is_empty(whole, failure)))
        return isTaken(whole);
    if (auto fits = checkDiskRoom(whole.parent_path(), neededBytes, displayPath(whole)); !fits)
        return fits.error();
    return whole;
}

Result<fs::path> checkOutputFile(const fs::path& target, std::uint64_t neededBytes) {
    const fs::path whole = wholePath(target);
    std::error_code failure;
    if (fs::exists(fs::symlink_status(whole, failure))) return isTaken(whole);
    if (auto fits = checkDiskRoom(whole.parent_path(), neededBytes, displayPath(whole)); !fits)
        return fits.error();
    return whole;
}

} // namespace llamahome::jobs
