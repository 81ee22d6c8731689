// The kernels of attention_kernels.h for one instruction set.
#include "llama/kernels/attention_backward.h"
#include "llama/kernels/attention_forward.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

template <typename T>
constexpr AttentionKernels<T> kAttentionKernels{blockTokens, forwardScratch<T>, backwardScratch<T>,
                                                forward<T>, backward<T>};

} // namespace

template <typename T>
const AttentionKernels<T>& attentionKernels();
template <>
const AttentionKernels<float>& attentionKernels<float>() {
    return kAttentionKernels<float>;
}
template <>
const AttentionKernels<Bfloat16>& attentionKernels<Bfloat16>() {
    return kAttentionKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
