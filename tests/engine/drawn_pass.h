// A training pass over rows and an adapter drawn by chance: what the tests of the engine's paths compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/ops/zeros_like.h>

#include "core/philox.h"
#include "llama/load/load_decoder.h"
#include "llama/train/micro_batch_pass.h"
#include "parity/fixture.h"
#include "support/checked.h"
#include "support/tiny_model.h"

namespace llamahome::testing {

/// Rows of these lengths, drawn from `seed`; the first third of each is not supervised.
inline std::vector<text::TokenRow> rowsOf(const std::vector<std::size_t>& lengths, std::uint64_t seed) {
    PhiloxStream stream(seed, 1);
    std::vector<text::TokenRow> rows;
    for (const std::size_t length : lengths) {
        text::TokenRow row;
        for (std::size_t i = 0; i < length; ++i) {
            row.tokens.push_back(static_cast<std::int32_t>(stream.nextBelow(kTinyVocabulary)));
            row.supervised.push_back(i > length / 3 ? 1 : 0);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

/// Its B is drawn too, so that A has a gradient and answers differ from the base model's.
inline engine::LoraSet adapterOf(const engine::Decoder& decoder, const std::vector<std::string>& targets,
                                 double dropout, std::int64_t r = 4) {
    const engine::LoraPlan plan = checked(engine::planLora(decoder.config(), r, 2.0, dropout, targets));
    std::vector<float> parameters = engine::initialParameters(plan, 3);
    PhiloxStream stream(5, 2);
    for (float& parameter : parameters)
        parameter += 0.05F * (2.0F * stream.nextUniform() - 1.0F);
    return engine::LoraSet(plan, parameters, decoder.layerCount(), decoder.device());
}

inline engine::Batch batchOf(const std::vector<text::TokenRow>& rows) {
    std::vector<const text::TokenRow*> picked;
    for (const text::TokenRow& row : rows)
        picked.push_back(&row);
    return engine::makeBatch(picked, 0);
}

struct Passed {
    double loss = 0.0;
    std::vector<float> gradients;
    std::uint64_t multiplyAdds = 0;
};

/// Forward and backward once.
inline Passed pass(const engine::Decoder& decoder, const std::vector<text::TokenRow>& rows,
                   const engine::LoraSet& lora, std::int64_t recomputedLayers, engine::Workspace& workspace) {
    const at::Tensor gradients = at::zeros_like(lora.flat);
    engine::Products products;
    const engine::TrainPass options{products, workspace, {lora.plan.dropout, 11, 7}, 0.01, recomputedLayers};
    const double loss = engine::forwardBackward(decoder, batchOf(rows), lora, options, gradients);
    return {loss, engine::toVector(gradients), products.multiplyAdds()};
}

} // namespace llamahome::testing
