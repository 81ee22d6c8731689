// WorkspacePlan: how much of its workspace a training pass of the fast path takes, from shapes alone. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/hub/model_config.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::engine {

/// Rows of logits that exist at once; of a 128k vocabulary 125 MiB in bf16.
inline constexpr std::int64_t kHeadChunkRows = 512;
/// What is deeper is summed in slices, where it is summed in fp32 memory.
inline constexpr std::int64_t kProductSliceDepth = 4096;
/// Parts of a sequence's queries whose sums over the same keys are kept apart in attention's backward, so
/// that there is something to share out among threads.
constexpr std::int64_t attentionParts(std::int64_t sequences, std::int64_t keyHeads) {
    constexpr std::int64_t kShares = 12;
    constexpr std::int64_t kMost = 4;
    const std::int64_t parts = (kShares + sequences * keyHeads - 1) / (sequences * keyHeads);
    return parts < kMost ? parts : kMost;
}

/// A micro-batch, and how it is computed.
struct WorkspaceShape {
    std::int64_t tokens;
    std::int64_t targets;
    std::int64_t longestRow;
    std::uint64_t elementBytes; ///< of the compute type
    bool drops = false;         ///< LoRA dropout
    /// Of the layers that go backward, so many lowest keep their input alone; others keep their activations.
    std::int64_t recomputedLayers = 0;
    int threads = 1;
};

/// Depth of the deepest product of the fast path, its summands taken together; `plan` may be null.
std::int64_t deepestProduct(const formats::ModelConfig& config, const LoraPlan* plan);
/// Bytes at the peak: what the layers keep, and the largest of what a layer or the head scribbles on.
/// Follows llama/fast; the test beside it compares it with Workspace::peakBytes().
std::uint64_t workspaceBytes(const formats::ModelConfig& config, const LoraPlan& plan,
                             const WorkspaceShape& shape);

/// The fewest recomputed layers with which workspaceBytes() is at most `budget`; nothing where it is more
/// with any number. Each costs another forward pass of its layer without the product of down_proj.
///
/// They are the lowest layers, because backward comes to the highest first: when it reaches a layer that is
/// to be computed again, what the layers above it kept is already given back, and its activations take that
/// room. Were the highest computed again, the peak would hold one layer's activations more.
std::optional<std::int64_t> fewestRecomputed(const formats::ModelConfig& config, const LoraPlan& plan,
                                             WorkspaceShape shape, std::uint64_t budget);

} // namespace llamahome::engine
