#include "llama/kernels/cpu_level.h"

#include "llama/kernels/attention_kernels.h"
#include "llama/kernels/product_kernels.h"
#include "llama/kernels/quant_kernels.h"
#include "llama/kernels/row_kernels.h"
#include "llama/kernels/vector_kernels.h"

namespace llamahome::engine {
namespace {

CpuLevel& currentLevel() {
    static CpuLevel level = bestCpuLevel();
    return level;
}

} // namespace

std::string_view cpuLevelName(CpuLevel level) {
    switch (level) {
    case CpuLevel::Avx2:
        return "AVX2";
    case CpuLevel::Avx512:
        return "AVX-512";
    case CpuLevel::Avx512Vnni:
        return "AVX-512 with VNNI";
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
        if (!__builtin_cpu_supports("avx512vnni")) return found;
        found.push_back(CpuLevel::Avx512Vnni);
        if (__builtin_cpu_supports("avx512bf16")) found.push_back(CpuLevel::Avx512Bf16);
#endif
        return found;
    }();
    return levels;
}

CpuLevel bestCpuLevel() {
#ifdef LLAMAHOME_X86_KERNELS
    // Intel's cores begin a product of bfloat16 pairs every other clock, and two of fp32 every clock.
    if (cpuLevels().back() == CpuLevel::Avx512Bf16 && __builtin_cpu_is("intel")) return CpuLevel::Avx512Vnni;
#endif
    return cpuLevels().back();
}

CpuLevel cpuLevel() {
    return currentLevel();
}

void setCpuLevel(CpuLevel level) {
    currentLevel() = level;
}

// What a kind of kernel is asked for by, in the namespace of each level.
#define LLAMAHOME_DECLARE_KIND(level, Kind, accessor)                                                        \
    namespace level {                                                                                        \
    template <typename T>                                                                                    \
    const Kind<T>& accessor();                                                                               \
    template <>                                                                                              \
    const Kind<float>& accessor<float>();                                                                    \
    template <>                                                                                              \
    const Kind<Bfloat16>& accessor<Bfloat16>();                                                              \
    }
#ifdef LLAMAHOME_X86_KERNELS
#define LLAMAHOME_DECLARE_KINDS(Kind, accessor)                                                              \
    LLAMAHOME_DECLARE_KIND(portable, Kind, accessor)                                                         \
    LLAMAHOME_DECLARE_KIND(avx2, Kind, accessor)                                                             \
    LLAMAHOME_DECLARE_KIND(avx512, Kind, accessor)                                                           \
    LLAMAHOME_DECLARE_KIND(avx512Vnni, Kind, accessor)                                                       \
    LLAMAHOME_DECLARE_KIND(avx512Bf16, Kind, accessor)
#define LLAMAHOME_CHOOSE(accessor, T)                                                                        \
    switch (cpuLevel()) {                                                                                    \
    case CpuLevel::Avx512Bf16:                                                                               \
        return avx512Bf16::accessor<T>();                                                                    \
    case CpuLevel::Avx512Vnni:                                                                               \
        return avx512Vnni::accessor<T>();                                                                    \
    case CpuLevel::Avx512:                                                                                   \
        return avx512::accessor<T>();                                                                        \
    case CpuLevel::Avx2:                                                                                     \
        return avx2::accessor<T>();                                                                          \
    case CpuLevel::Portable:                                                                                 \
        break;                                                                                               \
    }                                                                                                        \
    return portable::accessor<T>();
#else
#define LLAMAHOME_DECLARE_KINDS(Kind, accessor) LLAMAHOME_DECLARE_KIND(portable, Kind, accessor)
#define LLAMAHOME_CHOOSE(accessor, T) return portable::accessor<T>();
#endif
#define LLAMAHOME_KIND(Kind, accessor)                                                                       \
    LLAMAHOME_DECLARE_KINDS(Kind, accessor)                                                                  \
    template <>                                                                                              \
    const Kind<float>& accessor<float>() {                                                                   \
        LLAMAHOME_CHOOSE(accessor, float)                                                                    \
    }                                                                                                        \
    template <>                                                                                              \
    const Kind<Bfloat16>& accessor<Bfloat16>() {                                                             \
        LLAMAHOME_CHOOSE(accessor, Bfloat16)                                                                 \
    }

LLAMAHOME_KIND(AttentionKernels, attentionKernels)
LLAMAHOME_KIND(ProductKernels, productKernels)
LLAMAHOME_KIND(QuantKernels, quantKernels)
LLAMAHOME_KIND(RowKernels, rowKernels)
LLAMAHOME_KIND(VectorKernels, vectorKernels)

} // namespace llamahome::engine
