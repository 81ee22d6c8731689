// memoryState(): /proc/meminfo within the limits of control groups.
#include <algorithm>
#include <fstream>
#include <string>

#include "core/machine.h"
#include "core/proc_file.h"

namespace llamahome {
namespace fs = std::filesystem;
namespace {

/// What the files of one version of control groups are called.
struct GroupFiles {
    const char* limit;
    const char* used;
    const char* reclaimable; ///< key in memory.stat: what the kernel gives back before it refuses
};

constexpr GroupFiles kVersion2{"memory.max", "memory.current", "inactive_file "};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};

void applyGroup(const fs::path& group, const GroupFiles& files, MemoryState& state) {
    const auto limit = soleNumber(group / files.limit);
    if (!limit || *limit >= state.totalBytes) return; // version 1 says "none" as a huge number
    state.totalBytes = *limit;
    const std::uint64_t used = soleNumber(group / files.used).value_or(0);
    const std::uint64_t kept =
        used - std::min(used, namedNumber(group / "memory.stat", files.reclaimable).value_or(0));
    const std::uint64_t free = *limit > kept ? *limit - kept : 1;
    state.availableBytes = state.availableBytes == 0 ? free : std::min(state.availableBytes, free);
}

/// The group and all above it; a container may see its own group as the top one, whatever it is called.
void applyGroups(const fs::path& top, const fs::path& group, const GroupFiles& files, MemoryState& state) {
    for (fs::path path = group.relative_path(); !path.empty(); path = path.parent_path())
        applyGroup(top / path, files, state);
    applyGroup(top, files, state);
}

bool namesMemory(std::string_view controllers) {
    return ("," + std::string(controllers) + ",").find(",memory,") != std::string::npos;
}

} // namespace

MemoryState memoryState(const fs::path& systemRoot) {
    const fs::path info = systemRoot / "proc/meminfo";
    MemoryState state{namedNumber(info, "MemTotal:").value_or(0) * 1024,
                      namedNumber(info, "MemAvailable:").value_or(0) * 1024};
    const fs::path groups = systemRoot / "sys/fs/cgroup";
    std::ifstream stream(systemRoot / "proc/self/cgroup");
    std::string line; // "4:memory:/path", in version 2 "0::/path"
    while (std::getline(stream, line)) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const fs::path path = line.substr(second + 1);
        if (controllers.empty()) applyGroups(groups, path, kVersion2, state);
        if (namesMemory(controllers)) applyGroups(groups / "memory", path, kVersion1, state);
    }
    return state;
}

} // namespace llamahome
