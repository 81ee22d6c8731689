// What this machine and this process have: CPU features, memory, high-water mark. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace llamahome {

struct CpuFeatures {
    std::string name;
    unsigned cores = 1; ///< cores this process may run on
    bool avx2 = false;
    bool fma = false;
    bool avx512 = false;     ///< F, BW, DQ and VL
    bool avx512Bf16 = false; ///< dpbf16 on 512-bit registers
    bool amxBf16 = false;
};

CpuFeatures cpuFeatures();

struct MemoryState {
    std::uint64_t totalBytes = 0;
    std::uint64_t availableBytes = 0; ///< what can be taken without swapping; 0 where unknown
};

/// Of the machine, or of the control groups (versions 1 and 2) that this process is in where they grant less:
/// a container's limit, a session's. `systemRoot` holds proc and sys.
MemoryState memoryState(const std::filesystem::path& systemRoot = "/");

/// High-water mark of the process's resident memory in MiB (VmHWM); 0 where unknown.
double peakMemoryMib();

} // namespace llamahome
