#include "jobs/output_place.h"

#include <utility>

#include "core/error_codes.h"
#include "core/quantity.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kSpareBytes = 64ULL << 20; ///< left to everybody else on the disk
constexpr const char* kPartEnding = ".llamahome-part";

Error isTaken(const fs::path& target) {
    return Error{codes::kExportExists,
                 displayPath(target) + ": is there already; choose another name, or move it away"};
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
    std::error_code failure;
    fs::path whole = fs::absolute(target, failure).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    const fs::file_status status = fs::symlink_status(whole, failure);
    if (fs::exists(status) && !(fs::is_directory(status) && fs::is_empty(whole, failure)))
        return isTaken(whole);
    if (auto made = files.makeDirectories(whole.parent_path()); !made) return made.error();
    const auto free = freeDiskBytes(whole.parent_path());
    if (!free) return free.error();
    if (neededBytes > *free || *free - neededBytes < kSpareBytes)
        return Error{codes::kDiskFull, displayPath(whole) + ": needs " + formatBytes(neededBytes) + ", and " +
                                           formatBytes(kSpareBytes) + " must stay; its disk has " +
                                           formatBytes(*free) + "; free some space, or choose another disk"};
    const fs::path folder = whole.parent_path() / fs::path("." + whole.filename().string() + kPartEnding);
    if (auto cleared = removeTree(files, folder); !cleared) return cleared.error();
    if (auto made = files.makeDirectory(folder); !made) return made.error();
    return OutputPlace(files, whole, folder);
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

} // namespace llamahome::jobs
