#include "llama/nn/batch.h"

#include <ATen/ops/tensor.h>

namespace llamahome::engine {
namespace {

at::Tensor toTensor(const std::vector<std::int64_t>& values) {
    return at::tensor(values, at::kLong);
}

} // namespace

Batch makeBatch(std::span<const text::TokenRow* const> rows, std::uint32_t firstRow) {
    std::vector<std::int64_t> tokens;
    std::vector<std::int64_t> positions;
    std::vector<std::int64_t> predictors;
    std::vector<std::int64_t> targets;
    Batch batch;
    batch.cu_seqlens.push_back(0);
    for (const text::TokenRow* row : rows) {
        const auto begin = static_cast<std::int64_t>(tokens.size());
        for (std::size_t i = 0; i < row->tokens.size(); ++i) {
            const auto place = static_cast<std::int64_t>(i);
            tokens.push_back(row->tokens[i]);
            positions.push_back(place);
            batch.places.push_back({firstRow, static_cast<std::uint32_t>(i)});
            if (i == 0 || row->supervised[i] == 0) continue;
            predictors.push_back(begin + place - 1);
            batch.predictorPlaces.push_back({firstRow, static_cast<std::uint32_t>(i - 1)});
            targets.push_back(row->tokens[i]);
        }
        batch.cu_seqlens.push_back(static_cast<std::int64_t>(tokens.size()));
        ++firstRow;
    }
    batch.tokens = toTensor(tokens);
    batch.positions = toTensor(positions);
    batch.predictors = toTensor(predictors);
    batch.targets = toTensor(targets);
    return batch;
}

Batch makeInferenceBatch(std::span<const std::int32_t> tokens, std::int64_t firstPosition) {
    std::vector<std::int64_t> ids(tokens.begin(), tokens.end());
    std::vector<std::int64_t> positions(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
        positions[i] = firstPosition + static_cast<std::int64_t>(i);
    Batch batch;
    batch.tokens = toTensor(ids);
    batch.positions = toTensor(positions);
    batch.cu_seqlens = {0, static_cast<std::int64_t>(ids.size())};
    batch.predictors = toTensor({});
    batch.targets = toTensor({});
    return batch;
}

} // namespace llamahome::engine
