// The kernels of vector_kernels.h for one instruction set; see lanes.h.
#include "llama/kernels/vector_attention.h"
#include "llama/kernels/vector_products.h"
#include "llama/kernels/vector_quantised.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

template <typename T>
void finish(Index begin, Index end, Index out, const float* sums, const VectorAddends<T>& addends, T* y) {
    for (Index o = begin; o < end; o += kLanes) {
        const Index count = end - o;
        Floats value = loadSome(sums + o, count);
        if (addends.bias != nullptr) value += loadSome(addends.bias + o, count);
        value = roundTo(y, value);
        if (addends.adapterBias != nullptr)
            value = roundTo(y, value + loadSome(addends.adapterBias + o, count));
        if (addends.rank > 0) {
            Floats product = all(0.0F);
            for (Index r = 0; r < addends.rank; ++r)
                product += loadSome(addends.lowB + r * out + o, count) * loadSome(addends.low + r, 1)[0];
            value = roundTo(y, value + roundTo(y, roundTo(y, product) * addends.lowScale));
        }
        if (addends.residual != nullptr) value += loadSome(addends.residual + o, count);
        storeSome(y + o, value, count);
    }
}

template <typename T>
void roundValues(Index begin, Index end, float* values) {
    for (Index i = begin; i < end; i += kLanes) {
        const Floats rounded = roundTo(static_cast<const T*>(nullptr), loadSome(values + i, end - i));
        storeSome(values + i, rounded, end - i);
    }
}

template <typename T>
constexpr VectorKernels<T> kVectorKernels{multiply<T>, multiplyQuantised<T>, finish<T>, roundValues<T>,
                                          attend<T>,   joinParts<T>};

} // namespace

template <typename T>
const VectorKernels<T>& vectorKernels();
template <>
const VectorKernels<float>& vectorKernels<float>() {
    return kVectorKernels<float>;
}
template <>
const VectorKernels<Bfloat16>& vectorKernels<Bfloat16>() {
    return kVectorKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
