// What the matrix products of a pass cost at the rates that the machine gives them in the same run: the bound
// that `llamahome bench` compares with. Engine thread.
//
//     bound in seconds = Σ 2 · multiplyAdds / rate(m, n, k),  rate: Engine::measureGemm
//
// A training step of T tokens with P pairs of (query, key) and S targets has
//     frozen     T · in · out for y = x·Wᵀ of each linear, and as much for dx = dy·W; the lowest layer's q,
//                k and v need no dx; the last layer's o, gate, up and down are for the S targets only
//     head       2 · S · hidden · vocabulary: logits and their gradient, in the engine's chunks
//     attention  7 · P · heads · head_dim: scores and their sum over v; back the scores again, dv, dp, dq, dk
//     adapters   3 · T · r · (in + out): both products of each pair forward, their two gradients, and dx
// Adapters are charged at the rate of the linear that they stand beside, as r more columns of it; attention
// at that of a block of 128 keys. Norms, activations, softmax and the optimiser are free, so that 1.0 cannot
// be reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "llama/engine.h"
#include "text/data/token_row.h"

namespace llamahome::jobs {

enum class StepPart { Frozen, Head, Attention, Adapters };
/// "frozen", "head", "attention", "adapters".
std::string_view partName(StepPart part);

/// What a step's rows ask of the model.
struct StepShape {
    double tokens = 0.0;
    double targets = 0.0;
    double pairs = 0.0; ///< (query, key) with the key not after the query: Σ length · (length + 1) / 2
};
/// Of `rows` together.
StepShape stepShape(const std::vector<text::TokenRow>& rows);

/// Products of one shape: measured as [m, k] x [k, n], done `multiplyAdds` times a step.
struct StepProduct {
    StepPart part = StepPart::Frozen;
    std::int64_t m = 0;
    std::int64_t k = 0;
    std::int64_t n = 0;
    double multiplyAdds = 0.0;
};

/// Those of one training step with adapters of rank `r` on all seven linears.
std::vector<StepProduct> trainingProducts(const formats::ModelConfig& config, int r, const StepShape& step);
/// Those of reading a prompt of `tokens` tokens: forward only, one row at the head, no adapters.
std::vector<StepProduct> prefillProducts(const formats::ModelConfig& config, std::int64_t tokens);

struct PartBound {
    StepPart part = StepPart::Frozen;
    double gflop = 0.0;
    double seconds = 0.0; ///< at the rates measured
};

struct StepBound {
    std::vector<PartBound> parts; ///< those that there are, in the order of StepPart
    double seconds() const;
};

/// Measures every shape once, about a third of a second each. RUN-00 when cancelled, between two.
Result<StepBound> measureBound(const std::vector<StepProduct>& products, engine::Engine& engine,
                               engine::Precision precision, const CancelToken& cancel,
                               const ProgressSink& progress);

/// Bytes that one new token reads after `context` others: every weight once (of an untied embedding one row)
/// and keys and values of the context, in elements of `bytesPerElement`; the layers' matrices as `format`
/// keeps them.
double decodeBytes(const formats::ModelConfig& config, std::int64_t context, double bytesPerElement,
                   std::optional<formats::Quantisation> format = {});

} // namespace llamahome::jobs
