#include "core/machine.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace llamahome {
namespace {

/// Value in KiB of a "Name:   123 kB" line of a /proc file; 0 where the file or the line is missing.
std::uint64_t procKib(const char* file, const std::string& name) {
    std::ifstream stream(file);
    std::string line;
    while (std::getline(stream, line)) {
        if (line.compare(0, name.size(), name) != 0) continue;
        std::istringstream rest(line.substr(name.size()));
        rest.imbue(std::locale::classic());
        std::uint64_t value = 0;
        rest >> value;
        return value;
    }
    return 0;
}

unsigned usableCores() {
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

CpuFeatures cpuFeatures() {
    CpuFeatures features;
    features.cores = usableCores();
    std::ifstream stream("/proc/cpuinfo");
    std::string line;
    std::string flags;
    while (std::getline(stream, line) && (features.name.empty() || flags.empty())) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        if (line.compare(0, 10, "model name") == 0)
            features.name = line.substr(std::min(colon + 2, line.size()));
        if (line.compare(0, 5, "flags") == 0) flags = line.substr(colon + 1) + " ";
    }
    const auto has = [&](const char* flag) {
        return flags.find(" " + std::string(flag) + " ") != std::string::npos;
    };
    features.avx2 = has("avx2");
    features.fma = has("fma");
    features.avx512 = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
    features.avx512Bf16 = features.avx512 && has("avx512_bf16");
    features.amxBf16 = has("amx_bf16");
    return features;
}

MemoryState memoryState() {
    return {procKib("/proc/meminfo", "MemTotal:") * 1024, procKib("/proc/meminfo", "MemAvailable:") * 1024};
}

double peakMemoryMib() {
    return static_cast<double>(procKib("/proc/self/status", "VmHWM:")) / 1024.0;
}

} // namespace llamahome
