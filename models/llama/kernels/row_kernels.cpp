#include "llama/kernels/row_kernels.h"

namespace llamahome::engine {

#define LLAMAHOME_DECLARE_LEVEL(level)                                                                       \
    namespace level {                                                                                        \
    const RowKernels<float>& fp32Kernels();                                                                  \
    const RowKernels<Bfloat16>& bf16Kernels();                                                               \
    }
LLAMAHOME_DECLARE_LEVEL(portable)
#ifdef LLAMAHOME_X86_KERNELS
LLAMAHOME_DECLARE_LEVEL(avx2)
LLAMAHOME_DECLARE_LEVEL(avx512)
LLAMAHOME_DECLARE_LEVEL(avx512Bf16)
#endif

namespace {

struct Level {
    const RowKernels<float>& fp32;
    const RowKernels<Bfloat16>& bf16;
};

Level levelOf(CpuLevel level) {
#ifdef LLAMAHOME_X86_KERNELS
    switch (level) {
    case CpuLevel::Avx512Bf16:
        return {avx512Bf16::fp32Kernels(), avx512Bf16::bf16Kernels()};
    case CpuLevel::Avx512:
        return {avx512::fp32Kernels(), avx512::bf16Kernels()};
    case CpuLevel::Avx2:
        return {avx2::fp32Kernels(), avx2::bf16Kernels()};
    case CpuLevel::Portable:
        break;
    }
#endif
    return {portable::fp32Kernels(), portable::bf16Kernels()};
}

CpuLevel& currentLevel() {
    static CpuLevel level = cpuLevels().back();
    return level;
}

} // namespace

std::string_view cpuLevelName(CpuLevel level) {
    switch (level) {
    case CpuLevel::Avx2:
        return "AVX2";
    case CpuLevel::Avx512:
        return "AVX-512";
    case CpuLevel::Avx512Bf16:
        return "AVX-512 with bfloat16";
    case CpuLevel::Portable:
        break;
    }
    return "portable";
}

const std::vector<CpuLevel>& cpuLevels() {
    static const std::vector<CpuLevel> levels = [] {
        std::vector<CpuLevel> found{CpuLevel::Portable};
#ifdef LLAMAHOME_X86_KERNELS
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return found;
        found.push_back(CpuLevel::Avx2);
        if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
            !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
            return found;
        found.push_back(CpuLevel::Avx512);
        if (__builtin_cpu_supports("avx512bf16")) found.push_back(CpuLevel::Avx512Bf16);
#endif
        return found;
    }();
    return levels;
}

void setCpuLevel(CpuLevel level) {
    currentLevel() = level;
}

template <>
const RowKernels<float>& rowKernels<float>() {
    return levelOf(currentLevel()).fp32;
}

template <>
const RowKernels<Bfloat16>& rowKernels<Bfloat16>() {
    return levelOf(currentLevel()).bf16;
}

} // namespace llamahome::engine
