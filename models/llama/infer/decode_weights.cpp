#include "llama/infer/decode_weights.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "llama/fast/row_work.h"

namespace llamahome::engine {
namespace {

template <typename T>
constexpr at::ScalarType kScalarType = sizeof(T) == sizeof(Bfloat16) ? at::kBFloat16 : at::kFloat;

} // namespace

template <typename T>
const T* DecodeWeights<T>::packed(const at::Tensor& tensor) {
    m_packed.push_back(tensor.to(kScalarType<T>).contiguous());
    return elements<T>(m_packed.back());
}

template <typename T>
DecodeGroup<T> DecodeWeights<T>::group(const formats::ModelConfig& config, const LayerWeights& weights,
                                       const LayerLora& lora, double userScale,
                                       std::initializer_list<Projection> projections) {
    DecodeGroup<T> group;
    std::vector<at::Tensor> lowA;
    for (const Projection projection : projections) {
        const FrozenLinear& linear = weights.of(projection);
        const LoraMatrices& matrices = lora[static_cast<std::size_t>(projection)];
        DecodeProjection<T> member{};
        const ProjectionShape shape = projectionShape(config, projection);
        member.quantised = linear.quantised();
        member.weight = {member.quantised != nullptr ? nullptr : elements<T>(linear.weight()),
                         shape.inFeatures};
        member.out = shape.outFeatures;
        member.lowOffset = group.rank;
        if (linear.bias().defined()) member.addends.bias = elements<T>(linear.bias());
        if (matrices.bias.defined())
            member.addends.adapterBias =
                packed((matrices.bias.to(kScalarType<T>) - linear.bias()) * userScale);
        if (matrices.a.defined()) {
            lowA.push_back(matrices.a);
            member.addends.lowB = packed(matrices.b.t());
            member.addends.rank = matrices.a.size(0);
            member.addends.lowScale = static_cast<float>(matrices.scaling * userScale);
        }
        group.rank += member.addends.rank;
        group.out += member.out;
        group.members.push_back(member);
    }
    if (group.rank > 0) group.lowA = {packed(at::cat(lowA, 0)), group.members.front().weight.in};
    m_largestRank = std::max(m_largestRank, group.rank);
    return group;
}

template <typename T>
DecodeWeights<T>::DecodeWeights(const Decoder& decoder, const LoraSet* lora)
    : m_embedding(elements<T>(decoder.outer().embed_tokens))
    , m_finalNorm(elements<T>(decoder.outer().norm))
    , m_head{elements<T>(decoder.outer().lm_head), decoder.config().hidden_size} {
    const double userScale = lora != nullptr ? lora->userScale : 1.0;
    if (userScale == 0.0) lora = nullptr;
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
        const LayerWeights& weights = decoder.layer(i).weights();
        const auto part = [&](std::initializer_list<Projection> projections) {
            return group(decoder.config(), weights, layerLora(lora, i), userScale, projections);
        };
        m_layers.push_back({elements<T>(weights.input_layernorm),
                            elements<T>(weights.post_attention_layernorm),
                            part({Projection::Q, Projection::K, Projection::V}), part({Projection::O}),
                            part({Projection::Gate, Projection::Up}), part({Projection::Down})});
    }
}

template class DecodeWeights<float>;
template class DecodeWeights<Bfloat16>;

} // namespace llamahome::engine
