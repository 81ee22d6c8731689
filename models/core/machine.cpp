#include "core/machine.h"

#include <algorithm>
#include <fstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "core/proc_file.h"

namespace llamahome {
namespace {

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

double peakMemoryMib() {
    return static_cast<double>(namedNumber("/proc/self/status", "VmHWM:").value_or(0)) / 1024.0;
}

} // namespace llamahome
