// DecodeWeights: a model's weights and one adapter's as the vector kernels read them. Engine thread.
#pragma once

#include <vector>

#include "llama/kernels/vector_kernels.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// y = W x + what the addends name; their `low` and `residual` are the caller's.
template <typename T>
struct DecodeProjection {
    VectorWeight<T> weight;                  ///< without elements where it is quantised
    const formats::QuantisedView* quantised; ///< null: it is not
    std::int64_t out;
    VectorAddends<T> addends;
    std::int64_t lowOffset; ///< of its A x within the group's
};

/// The projections of a layer that read one input. The matrices A of those that are adapted are one.
template <typename T>
struct DecodeGroup {
    std::vector<DecodeProjection<T>> members;
    VectorWeight<T> lowA{}; ///< [rank, in]
    std::int64_t rank = 0;  ///< 0: none is adapted
    std::int64_t out = 0;   ///< of all members
};

template <typename T>
struct DecodeLayer {
    const T* inputNorm;
    const T* postAttentionNorm;
    DecodeGroup<T> attention, output, mlp, down;
};

/// Decoder and adapter outlive it and stay as they are.
template <typename T>
class DecodeWeights {
public:
    /// T is the decoder's compute type. `lora` may be null.
    DecodeWeights(const Decoder& decoder, const LoraSet* lora);

    const std::vector<DecodeLayer<T>>& layers() const { return m_layers; }
    /// The most low-rank products that a group has.
    std::int64_t largestRank() const { return m_largestRank; }
    const T* embedding() const { return m_embedding; }     ///< [vocab, hidden]
    const T* finalNorm() const { return m_finalNorm; }     ///< [hidden]
    const VectorWeight<T>& head() const { return m_head; } ///< [vocab, hidden]

private:
    DecodeGroup<T> group(const formats::ModelConfig& config, const LayerWeights& weights,
                         const LayerLora& lora, double userScale,
                         std::initializer_list<Projection> projections);
    /// Keeps a contiguous copy in the compute type.
    const T* packed(const at::Tensor& tensor);

    std::vector<DecodeLayer<T>> m_layers;
    std::vector<at::Tensor> m_packed; ///< the adapter's
    std::int64_t m_largestRank = 0;
    const T* m_embedding;
    const T* m_finalNorm;
    VectorWeight<T> m_head;
};

} // namespace llamahome::engine
