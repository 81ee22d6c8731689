// DecoderLayer: the seam behind which a layer computes forward and backward. Engine thread.
//
// PlainLayer uses local autograd and stays as the oracle; a fast path is another implementation.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "formats/hub/model_config.h"
#include "llama/lora/dropout.h"
#include "llama/lora/lora_set.h"
#include "llama/nn/batch.h"
#include "llama/nn/frozen_linear.h"
#include "llama/nn/kv_cache.h"
#include "llama/nn/products.h"
#include "llama/nn/rope.h"

namespace llamahome::engine {

/// Frozen weights of one layer. Norms [hidden] in the compute dtype.
struct LayerWeights {
    at::Tensor input_layernorm;
    at::Tensor post_attention_layernorm;
    std::array<FrozenLinear, kProjections.size()> projections; ///< indexed by Projection

    const FrozenLinear& of(Projection projection) const {
        return projections[static_cast<std::size_t>(projection)];
    }
};

class Workspace;

/// What one pass through all layers shares.
struct PassContext {
    const formats::ModelConfig& config;
    const Batch& batch;
    Products& products;
    std::vector<RopeTable> ropes;        ///< one on each of the layers' devices; none on a workspace
    HalfRopeTable halfRope;              ///< undefined in others
    double loraScale = 1.0;              ///< the user's, besides the scaling of each module
    const DropoutKey* dropout = nullptr; ///< null: no dropout
    KvCache* cache = nullptr;            ///< null: no cache
    /// Of passes of the fast path; else null. Behind the last layer's attention such a pass goes on with the
    /// batch's predictors alone.
    Workspace* workspace = nullptr;
    at::Tensor productRoom = {}; ///< with a workspace: what its products pack and sum in

    /// That of a device on which a layer lies.
    const RopeTable& ropeOn(at::Device device) const {
        const auto found = std::find_if(ropes.begin(), ropes.end(), [device](const RopeTable& table) {
            return table.cos.device() == device;
        });
        assert(found != ropes.end());
        return *found;
    }
};

/// What a kind of layer keeps between forward and backward, besides its input.
struct LayerKept {
    virtual ~LayerKept() = default;
};

struct LayerSave {
    at::Tensor input;                ///< [tokens, hidden]
    std::unique_ptr<LayerKept> kept; ///< null where the layer is to be computed again
    std::size_t mark = 0;            ///< of the workspace before the layer's forward
};

class DecoderLayer {
public:
    virtual ~DecoderLayer() = default;

    virtual const LayerWeights& weights() const = 0;
    /// Where its weights lie, and what it is given has to.
    at::Device device() const { return weights().input_layernorm.device(); }

    // On a workspace the last layer gives [targets, hidden], the predictors' rows, and takes their gradient
    // in the first rows of dy [tokens, hidden].

    /// Inference: x [tokens, hidden] → [tokens, hidden]; uses the cache of the context where there is one.
    virtual at::Tensor infer(const at::Tensor& x, const PassContext& context,
                             const LayerLora& lora) const = 0;

    /// Training: as infer, and fills `save`. `recompute`: keep only the input and run again in backward.
    virtual at::Tensor forward(const at::Tensor& x, const PassContext& context, const LayerLora& lora,
                               LayerSave& save, bool recompute) const = 0;

    /// dy [tokens, hidden] → dx, and adds the adapter's gradients to `gradients` (views as `lora`). Frees
    /// `save`. Without `needsInputGradient` the result is undefined (nothing below is adapted).
    virtual at::Tensor backward(const at::Tensor& dy, const PassContext& context, const LayerLora& lora,
                                LayerSave& save, LayerLora& gradients, bool needsInputGradient) const = 0;
};

} // namespace llamahome::engine
