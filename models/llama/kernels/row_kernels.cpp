#include "llama/kernels/row_kernels.h"

#include <cassert>

namespace llamahome::engine {

namespace portable {
const RowKernels<float>& fp32Kernels();
const RowKernels<Bfloat16>& bf16Kernels();
} // namespace portable
namespace avx2 {
const RowKernels<float>& fp32Kernels();
const RowKernels<Bfloat16>& bf16Kernels();
} // namespace avx2
namespace avx512 {
const RowKernels<float>& fp32Kernels();
const RowKernels<Bfloat16>& bf16Kernels();
} // namespace avx512
namespace avx512Bf16 {
const RowKernels<float>& fp32Kernels();
const RowKernels<Bfloat16>& bf16Kernels();
} // namespace avx512Bf16

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
        __builtin_cpu_init();
        const bool hasAvx2 =
            __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
        if (hasAvx2) found.push_back(CpuLevel::Avx2);
        if (hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512cd"))
            found.push_back(CpuLevel::Avx512);
        if (found.back() == CpuLevel::Avx512 && __builtin_cpu_supports("avx512bf16"))
            found.push_back(CpuLevel::Avx512Bf16);
        return found;
    }();
    return levels;
}

template <>
const RowKernels<float>& rowKernels<float>(CpuLevel level) {
    switch (level) {
    case CpuLevel::Avx512Bf16:
        return avx512Bf16::fp32Kernels();
    case CpuLevel::Avx512:
        return avx512::fp32Kernels();
    case CpuLevel::Avx2:
        return avx2::fp32Kernels();
    case CpuLevel::Portable:
        break;
    }
    return portable::fp32Kernels();
}

template <>
const RowKernels<Bfloat16>& rowKernels<Bfloat16>(CpuLevel level) {
    switch (level) {
    case CpuLevel::Avx512Bf16:
        return avx512Bf16::bf16Kernels();
    case CpuLevel::Avx512:
        return avx512::bf16Kernels();
    case CpuLevel::Avx2:
        return avx2::bf16Kernels();
    case CpuLevel::Portable:
        break;
    }
    return portable::bf16Kernels();
}

} // namespace llamahome::engine
