#include "llama/lora/dropout.h"

#include <algorithm>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "core/philox.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kDrawsPerBlock = 8; // one Philox block gives eight 16-bit draws

struct TokenPlace {
    std::uint32_t row;
    std::uint32_t position;
};

std::vector<TokenPlace> tokenPlaces(const Batch& batch) {
    std::vector<TokenPlace> places;
    for (std::size_t row = 0; row + 1 < batch.cu_seqlens.size(); ++row)
        for (std::int64_t t = batch.cu_seqlens[row]; t < batch.cu_seqlens[row + 1]; ++t)
            places.push_back({batch.firstRow + static_cast<std::uint32_t>(row),
                              static_cast<std::uint32_t>(t - batch.cu_seqlens[row])});
    return places;
}

} // namespace

at::Tensor applyDropout(const at::Tensor& x, const Batch& batch, const DropoutKey& key, std::int64_t layer,
                        LayerInput input) {
    const std::int64_t features = x.size(1);
    const auto threshold = static_cast<std::uint32_t>(key.probability * 65536.0);
    const float kept = static_cast<float>(1.0 / (1.0 - key.probability));
    const auto site = static_cast<std::uint32_t>(layer) * 4 + static_cast<std::uint32_t>(input);
    const std::array<std::uint32_t, 2> philoxKey{
        static_cast<std::uint32_t>(key.seed) ^ static_cast<std::uint32_t>(key.seed >> 32), key.step};
    const std::vector<TokenPlace> places = tokenPlaces(batch);
    const at::Tensor mask = at::empty({x.size(0), features}, at::kFloat);
    float* data = mask.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0), 8, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
            const TokenPlace place = places[static_cast<std::size_t>(t)];
            for (std::int64_t first = 0; first < features; first += kDrawsPerBlock) {
                const auto words = philox4x32(
                    {static_cast<std::uint32_t>(first / kDrawsPerBlock), place.position, place.row, site},
                    philoxKey);
                const std::int64_t count = std::min(kDrawsPerBlock, features - first);
                for (std::int64_t i = 0; i < count; ++i) {
                    const std::uint32_t draw =
                        (words[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2))) & 0xffffU;
                    data[t * features + first + i] = draw < threshold ? 0.0F : kept;
                }
            }
        }
    });
    return x * mask.to(x.scalar_type());
}

} // namespace llamahome::engine
