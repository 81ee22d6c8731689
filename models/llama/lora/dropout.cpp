#include "llama/lora/dropout.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "core/philox.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kDrawsPerBlock = 8; // one Philox block gives eight 16-bit draws

} // namespace

DropoutMask dropoutMask(const DropoutKey& key, std::int64_t layer, LayerInput input) {
    return {{static_cast<std::uint32_t>(key.seed) ^ static_cast<std::uint32_t>(key.seed >> 32), key.step},
            static_cast<std::uint32_t>(layer) * 4 + static_cast<std::uint32_t>(input),
            static_cast<std::uint32_t>(key.probability * 65536.0),
            static_cast<float>(1.0 / (1.0 - key.probability))};
}

at::Tensor applyDropout(const at::Tensor& x, const Batch& batch, const DropoutKey& key, std::int64_t layer,
                        LayerInput input) {
    const std::int64_t features = x.size(1);
    const DropoutMask drawn = dropoutMask(key, layer, input);
    const at::Tensor mask = at::empty({x.size(0), features}, at::kFloat);
    float* data = mask.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0), 8, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
            const TokenPlace place = batch.places[static_cast<std::size_t>(t)];
            for (std::int64_t first = 0; first < features; first += kDrawsPerBlock) {
                const auto words = philox4x32({static_cast<std::uint32_t>(first / kDrawsPerBlock),
                                               place.position, place.row, drawn.site},
                                              {drawn.key[0], drawn.key[1]});
                const std::int64_t count = std::min(kDrawsPerBlock, features - first);
                for (std::int64_t i = 0; i < count; ++i) {
                    const std::uint32_t draw =
                        (words[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2))) & 0xffffU;
                    data[t * features + first + i] = draw < drawn.threshold ? 0.0F : drawn.kept;
                }
            }
        }
    });
    return x * mask.to(x.device(), x.scalar_type());
}

} // namespace llamahome::engine
