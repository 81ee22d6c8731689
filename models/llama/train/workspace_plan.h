// WorkspacePlan: how much of its workspace a training pass of the fast path takes, from shapes alone. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/hub/model_config.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::engine {

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
    bool int8Products = false; ///< of frozen matrices (Decoder::multipliesInInt8())
};

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
