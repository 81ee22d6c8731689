// The kernels of quant_kernels.h for one instruction set; see lanes.h.
#include "llama/kernels/quant_unpacking.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

using UnsignedBytes = std::uint8_t __attribute__((vector_size(LLAMAHOME_LANES)));

/// The largest magnitude; not finite where one of the values is not.
template <typename T>
LLAMAHOME_INLINE float largestMagnitude(const T* values, Index count) {
    Floats most = all(0.0F);
    Floats notFinite = all(0.0F); // infinity - infinity, and NaN - NaN, are NaN
    for (Index i = 0; i < count; i += kLanes) {
        const Floats x = loadSome(values + i, count - i);
        most = larger(larger(x, -x), most);
        notFinite += x - x;
    }
    return largestOf(most) + sumOf(notFinite);
}

template <typename T>
void packInt8(Index begin, Index end, Index columns, const T* values, std::int8_t* codes, float* absmax) {
    constexpr float kRoundToInteger = 12582912.0F; // 1.5 · 2^23
    for (Index row = begin; row < end; ++row) {
        const T* from = values + row * columns;
        const float most = largestMagnitude(from, columns);
        absmax[row] = most;
        const float factor = most > 0.0F ? 1.0F / most * formats::kInt8Codes : 0.0F;
        for (Index i = 0; i < columns; i += kLanes) {
            const Floats scaled = rounded(loadSome(from + i, columns - i) * factor);
            const Floats whole = (scaled + kRoundToInteger) - kRoundToInteger;
            const SignedBytes found =
                __builtin_convertvector(__builtin_convertvector(whole, Integers), SignedBytes);
            const Index count = columns - i < kLanes ? columns - i : kLanes;
            __builtin_memcpy(codes + row * columns + i, &found, static_cast<std::size_t>(count));
        }
    }
}

/// How many middles between two neighbouring values of the book lie below.
LLAMAHOME_INLINE UnsignedBytes nearestCodes(Floats scaled) {
    Integers code = {};
    for (Index i = 0; i + 1 < kCodes; ++i)
        code -= scaled > (kNf4Book[i] + kNf4Book[i + 1]) / 2;
    return __builtin_convertvector(code, UnsignedBytes);
}

template <typename T>
void packNf4(Index begin, Index end, Index elements, const T* values, std::uint8_t* codes, float* absmax) {
    for (Index block = begin; block < end; ++block) {
        const T* from = values + block * kNf4Block;
        const Index left = elements - block * kNf4Block;
        const Index count = left < kNf4Block ? left : kNf4Block;
        const float most = largestMagnitude(from, count);
        absmax[block] = most;
        const float inverse = 1.0F / (most > 1e-38F ? most : 1e-38F);
        std::uint8_t found[kNf4Block]; // what is beyond the end is 0, whose code is 7
        for (Index i = 0; i < kNf4Block; i += kLanes) {
            const Floats x = i < count ? loadSome(from + i, count - i) : all(0.0F);
            const UnsignedBytes code = nearestCodes(x * inverse);
            __builtin_memcpy(found + i, &code, sizeof code);
        }
        std::uint8_t* to = codes + block * kNf4BlockBytes;
        for (Index i = 0; i < (count + 1) / 2; ++i)
            to[i] = static_cast<std::uint8_t>(found[2 * i] << 4 | found[2 * i + 1]);
    }
}

template <typename T>
constexpr QuantKernels<T> kQuantKernels{unpack<T>, readRow<T>, packInt8<T>, packNf4<T>};

} // namespace

template <typename T>
const QuantKernels<T>& quantKernels();
template <>
const QuantKernels<float>& quantKernels<float>() {
    return kQuantKernels<float>;
}
template <>
const QuantKernels<Bfloat16>& quantKernels<Bfloat16>() {
    return kQuantKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
