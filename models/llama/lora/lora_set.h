// LoraSet: an adapter on one device, all matrices in one flat fp32 buffer. Engine thread.
#pragma once

#include <array>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llama/lora/lora_plan.h"

namespace llamahome::engine {

/// A [r, in] and B [out, r] of one projection; undefined where it is not adapted.
struct LoraMatrices {
    at::Tensor a;
    at::Tensor b;
    double scaling = 0.0; ///< of B·A, besides the user's
    at::Tensor bias;      ///< [out] in the place of the base's; undefined where that stays
};

/// The seven projections of one layer, indexed by Projection.
using LayerLora = std::array<LoraMatrices, kProjections.size()>;

/// Views of a flat buffer [parameterCount], layer by layer. Gradients and optimiser state use the same
/// function.
std::vector<LayerLora> layerViews(const LoraPlan& plan, const at::Tensor& flat, std::int64_t layerCount);

struct LoraSet {
    LoraPlan plan;
    at::Tensor flat; ///< fp32 [parameterCount]
    std::vector<LayerLora> layers;
    double userScale = 1.0; ///< multiplies every scaling in inference

    LoraSet(LoraPlan lora, const std::vector<float>& parameters, std::int64_t layerCount,
            at::Device device = at::kCPU);
};

/// Gives the layers the biases that the adapter holds. planOf() has seen that the model has them.
void setBiases(LoraSet& lora, const formats::PeftAdapter& adapter);

/// A copy of the elements of an fp32 tensor of any device, in its order.
std::vector<float> toVector(const at::Tensor& flat);

} // namespace llamahome::engine
