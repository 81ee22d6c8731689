// How a pass is cut: what the code that computes it and the plans that foretell it must agree on. Any thread.
#pragma once

#include <cstdint>

#include "formats/hub/model_config.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::engine {

/// Rows of logits that exist at once; of a 128k vocabulary 125 MiB in bf16.
inline constexpr std::int64_t kHeadChunkRows = 512;

/// What is deeper is summed in slices, where it is summed in fp32 memory.
inline constexpr std::int64_t kProductSliceDepth = 4096;

/// Depth of the deepest product of the fast path, its summands taken together; `plan` may be null.
std::int64_t deepestProduct(const formats::ModelConfig& config, const LoraPlan* plan);

/// Parts of a sequence's queries whose sums over the same keys are kept apart in attention's backward, so
/// that there is something to share out among threads.
std::int64_t attentionParts(std::int64_t sequences, std::int64_t keyHeads);

} // namespace llamahome::engine
