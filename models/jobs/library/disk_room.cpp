#include "jobs/library/disk_room.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/quantity.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kSpareBytes = 64ULL << 20; ///< left to everybody else on the disk

} // namespace

Result<void> checkDiskRoom(const std::filesystem::path& place, std::uint64_t neededBytes,
                           const std::string& what, const std::string& otherwise) {
    const auto free = freeDiskBytes(place);
    if (!free) return free.error();
    if (neededBytes <= *free && *free - neededBytes >= kSpareBytes) return {};
    return Error{codes::kDiskFull, what + " needs " + formatBytes(neededBytes) + ", and " +
                                       formatBytes(kSpareBytes) + " must stay; its disk has " +
                                       formatBytes(*free) + "; free some space, or choose another disk" +
                                       (otherwise.empty() ? "" : " " + otherwise)};
}

} // namespace llamahome::jobs
