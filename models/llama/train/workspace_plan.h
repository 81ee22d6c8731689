// WorkspacePlan: how much of its workspace a training pass of the fast path takes, from shapes alone. Any
// thread.
#pragma once

#include <cstdint>

#include "formats/hub/model_config.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::engine {

/// Rows of logits that exist at once; of a 128k vocabulary 63 MiB in bf16.
inline constexpr std::int64_t kHeadChunkRows = 256;
/// Query tokens whose scores exist at once.
inline constexpr std::int64_t kAttentionBlockTokens = 128;

/// A micro-batch, and how it is computed.
struct WorkspaceShape {
    std::int64_t tokens;
    std::int64_t targets;
    std::int64_t longestRow;
    std::uint64_t elementBytes; ///< of the compute type
    bool drops = false;         ///< LoRA dropout
    bool recompute = false;
};

/// Bytes at the peak: what every layer keeps, and the largest of what a layer or the head scribbles on.
/// Follows llama/fast; the test beside it compares it with Workspace::peakBytes().
std::uint64_t workspaceBytes(const formats::ModelConfig& config, const LoraPlan& plan,
                             const WorkspaceShape& shape);

} // namespace llamahome::engine
