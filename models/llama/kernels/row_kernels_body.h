// The kernels of row_kernels.h for one instruction set; see lanes.h.
#include "llama/kernels/lanes.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

template <typename T>
void rmsNorm(Index begin, Index end, Index width, const T* x, const T* weight, float eps, T* out,
             float* inverseRms) {
    for (Index row = begin; row < end; ++row) {
        const T* from = x + row * width;
        T* to = out + row * width;
        Floats squares = all(0.0F);
        for (Index i = 0; i < width; i += kLanes) {
            const Floats values = loadSome(from + i, width - i);
            squares += values * values;
        }
        const float inverse = 1.0F / __builtin_sqrtf(sumOf(squares) / static_cast<float>(width) + eps);
        inverseRms[row] = inverse;
        for (Index i = 0; i < width; i += kLanes) {
            const Floats normed = roundTo(from, loadSome(from + i, width - i) * inverse);
            storeSome(to + i, normed * loadSome(weight + i, width - i), width - i);
        }
    }
}

template <typename T>
void rmsNormBackward(Index begin, Index end, Index width, const T* dy, const T* x, const T* weight,
                     const float* inverseRms, T* dx) {
    for (Index row = begin; row < end; ++row) {
        const T* gradient = dy + row * width;
        const T* from = x + row * width;
        T* to = dx + row * width;
        Floats dots = all(0.0F);
        for (Index i = 0; i < width; i += kLanes)
            dots += loadSome(gradient + i, width - i) * loadSome(weight + i, width - i) *
                    loadSome(from + i, width - i);
        const float inverse = inverseRms[row];
        const float slope = sumOf(dots) * inverse * inverse * inverse / static_cast<float>(width);
        for (Index i = 0; i < width; i += kLanes) {
            const Floats direct =
                loadSome(gradient + i, width - i) * loadSome(weight + i, width - i) * inverse;
            const Floats added = direct - loadSome(from + i, width - i) * slope;
            storeSome(to + i, loadSome(to + i, width - i) + added, width - i);
        }
    }
}

/// One vector of a head; `sign` 1 rotates, -1 rotates back.
template <typename T>
LLAMAHOME_INLINE void rotate(const T* from, T* to, const float* cos, const float* sin, float sign,
                             Index half) {
    for (Index i = 0; i < half; i += kLanes) {
        const Index count = half - i;
        const Floats c = roundTo(from, loadSome(cos + i, count));
        const Floats s = roundTo(from, loadSome(sin + i, count)) * sign;
        const Floats low = loadSome(from + i, count);
        const Floats high = loadSome(from + half + i, count);
        storeSome(to + i, low * c - high * s, count);
        storeSome(to + half + i, high * c + low * s, count);
    }
}

template <bool kIsScatter, typename T>
LLAMAHOME_INLINE void moveHeads(Index begin, Index end, const HeadShape& shape, Index stride, const T* from,
                                T* to, const float* cos, const float* sin) {
    const Index half = shape.headDim / 2;
    for (Index token = begin; token < end; ++token) {
        for (Index head = 0; head < shape.groups * shape.perGroup; ++head) {
            const Index group = head / shape.perGroup;
            const Index member = head % shape.perGroup;
            const Index inRows = token * stride + head * shape.headDim;
            const Index inHeads = ((group * shape.tokens + token) * shape.perGroup + member) * shape.headDim;
            const T* source = from + (kIsScatter ? inRows : inHeads);
            T* target = to + (kIsScatter ? inHeads : inRows);
            if (cos == nullptr)
                __builtin_memcpy(target, source, static_cast<std::size_t>(shape.headDim) * sizeof(T));
            else
                rotate(source, target, cos + token * half, sin + token * half, kIsScatter ? 1.0F : -1.0F,
                       half);
        }
    }
}

template <typename T>
void scatterHeads(Index begin, Index end, const HeadShape& shape, const T* rows, Index stride,
                  const float* cos, const float* sin, T* heads) {
    moveHeads<true>(begin, end, shape, stride, rows, heads, cos, sin);
}

template <typename T>
void gatherHeads(Index begin, Index end, const HeadShape& shape, const T* heads, const float* cos,
                 const float* sin, T* rows, Index stride) {
    moveHeads<false>(begin, end, shape, stride, heads, rows, cos, sin);
}

template <typename T>
void swiglu(Index begin, Index end, const T* gate, const T* up, T* out) {
    for (Index i = begin; i < end; i += kLanes) {
        const Floats g = loadSome(gate + i, end - i);
        const Floats silu = roundTo(gate, g / (1.0F + exponential(-g)));
        storeSome(out + i, silu * loadSome(up + i, end - i), end - i);
    }
}

template <typename T>
void swigluBackward(Index begin, Index end, const T* dout, T* gate, T* up) {
    for (Index i = begin; i < end; i += kLanes) {
        const Floats g = loadSome(gate + i, end - i);
        const Floats u = loadSome(up + i, end - i);
        const Floats d = loadSome(dout + i, end - i);
        const Floats sigmoid = 1.0F / (1.0F + exponential(-g));
        const Floats silu = roundTo(gate, g * sigmoid);
        storeSome(up + i, d * silu, end - i);
        storeSome(gate + i, roundTo(gate, d * u) * sigmoid * (1.0F + g * (1.0F - sigmoid)), end - i);
    }
}

using Longs = std::uint64_t __attribute__((vector_size(LLAMAHOME_LANES * 4)));

struct WideProduct {
    Words high;
    Words low;
};

LLAMAHOME_INLINE WideProduct multiply(Words values, std::uint32_t by) {
    constexpr std::uint64_t kLowHalf = 0xffffffffU;
    const Longs pairs = reinterpret_cast<Longs>(values);
    const Longs even = (pairs & kLowHalf) * static_cast<std::uint64_t>(by);
    const Longs odd = (pairs >> 32) * static_cast<std::uint64_t>(by);
    return {reinterpret_cast<Words>((even >> 32) | (odd & ~kLowHalf)), values * by};
}

/// Philox4x32-10 (core/philox.h) of one block a lane: word i of every block.
struct PhiloxWords {
    Words word[4];
};

LLAMAHOME_INLINE PhiloxWords philoxBlocks(Words blocks, TokenPlace place, const DropoutMask& mask) {
    Words c[4] = {blocks, Words{} + place.position, Words{} + place.row, Words{} + mask.site};
    std::uint32_t k0 = mask.key[0];
    std::uint32_t k1 = mask.key[1];
    for (int round = 0; round < 10; ++round) {
        const WideProduct p0 = multiply(c[0], 0xD2511F53U);
        const WideProduct p1 = multiply(c[2], 0xCD9E8D57U);
        c[0] = p1.high ^ c[1] ^ k0;
        c[1] = p1.low;
        c[2] = p0.high ^ c[3] ^ k1;
        c[3] = p0.low;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    return {{c[0], c[1], c[2], c[3]}};
}

/// A block gives eight draws, the low half of each word before its high half: a byte of bits.
LLAMAHOME_INLINE Words keptBits(const PhiloxWords& drawn, std::uint32_t threshold) {
    Words bits{};
    for (std::uint32_t i = 0; i < 4; ++i) {
        const Words word = drawn.word[i];
        bits |= reinterpret_cast<Words>((word & 0xffffU) >= threshold) & (1U << (2 * i));
        bits |= reinterpret_cast<Words>((word >> 16) >= threshold) & (2U << (2 * i));
    }
    return bits;
}

template <typename T>
void drawKeepBits(Index begin, Index end, Index width, const TokenPlace* places, const DropoutMask& mask,
                  std::uint8_t* bits, Index stride) {
    using Bytes = std::uint8_t __attribute__((vector_size(LLAMAHOME_LANES)));
    for (Index row = begin; row < end; ++row)
        for (Index block = 0; block * 8 < width; block += kLanes) {
            const Words blocks = reinterpret_cast<Words>(laneNumbers()) + static_cast<std::uint32_t>(block);
            const Words kept = keptBits(philoxBlocks(blocks, places[row], mask), mask.threshold);
            const Bytes bytes = __builtin_convertvector(kept, Bytes);
            const Index left = stride - block < kLanes ? stride - block : kLanes;
            __builtin_memcpy(bits + row * stride + block, &bytes, static_cast<std::size_t>(left));
        }
}

template <typename T>
void transpose(Index begin, Index end, Index rows, Index columns, const T* x, T* out) {
    for (Index column = begin; column < end; ++column)
        for (Index row = 0; row < rows; ++row)
            out[column * rows + row] = x[row * columns + column];
}

template <typename T>
void round(Index begin, Index end, const float* values, T* out) {
    for (Index i = begin; i < end; i += kLanes)
        storeSome(out + i, loadSome(values + i, end - i), end - i);
}

template <typename T>
void crossEntropy(Index begin, Index end, Index width, T* logits, const std::int64_t* targets,
                  const float* scale, double* loss) {
    for (Index row = begin; row < end; ++row) {
        T* values = logits + row * width;
        Floats most = all(loadSome(values, 1)[0]);
        for (Index i = 0; i < width; i += kLanes)
            most = larger(choose(lanesBelow(width - i), loadSome(values + i, width - i), most), most);
        const float maximum = largestOf(most);
        Floats sums = all(0.0F);
        for (Index i = 0; i < width; i += kLanes)
            sums += choose(lanesBelow(width - i), exponential(loadSome(values + i, width - i) - maximum),
                           all(0.0F));
        const float logSum = maximum + __builtin_logf(sumOf(sums));
        loss[row] = static_cast<double>(logSum) - static_cast<double>(loadSome(values + targets[row], 1)[0]);
        if (scale == nullptr) continue;
        T* const target = values + targets[row];
        const Floats ofTarget = exponential(loadSome(target, 1) - logSum) - 1.0F;
        for (Index i = 0; i < width; i += kLanes)
            storeSome(values + i, exponential(loadSome(values + i, width - i) - logSum) * *scale, width - i);
        storeSome(target, ofTarget * *scale, 1);
    }
}

template <typename T>
void addScaled(Index begin, Index end, float scale, const T* values, float* sums) {
    for (Index i = begin; i < end; i += kLanes)
        storeSome(sums + i, loadSome(sums + i, end - i) + loadSome(values + i, end - i) * scale, end - i);
}

template <typename T>
constexpr RowKernels<T> kRowKernels{rmsNorm<T>, rmsNormBackward<T>, scatterHeads<T>, gatherHeads<T>,
                                    swiglu<T>,  swigluBackward<T>,  drawKeepBits<T>, transpose<T>,
                                    round<T>,   crossEntropy<T>,    addScaled<T>};

} // namespace

template <typename T>
const RowKernels<T>& rowKernels();
template <>
const RowKernels<float>& rowKernels<float>() {
    return kRowKernels<float>;
}
template <>
const RowKernels<Bfloat16>& rowKernels<Bfloat16>() {
    return kRowKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
