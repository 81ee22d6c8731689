#include "jobs/memory_estimate.h"

#include <algorithm>

#include "llama/infer/context_memory.h"
#include "llama/lora/lora_plan.h"
#include "llama/quant/quantise.h"
#include "llama/train/workspace_plan.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kFloatBytes = 4;
/// Parameters, gradients and two moments of AdamW; while a checkpoint is written, the state's copies of all
/// but the gradients, and the parameters once more for PEFT's file.
constexpr std::uint64_t kAdapterCopies = 8;
/// fp32 copies of the last token's logits on the way to a drawn token.
constexpr std::uint64_t kLogitCopies = 3;

std::uint64_t unsignedOf(std::int64_t value) {
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

/// The weights in the compute type, or those of the layers' matrices as they are quantised.
std::uint64_t weightBytes(const formats::ModelConfig& config, std::uint64_t computeBytes,
                          std::optional<formats::Quantisation> wanted) {
    const std::uint64_t whole = config.parameterCount() * computeBytes;
    const auto format = config.quantization ? config.quantization : wanted;
    if (!format) return whole;
    std::uint64_t values = 0;
    std::uint64_t packed = 0;
    std::uint64_t largest = 0;
    for (const engine::Projection projection : engine::kProjections) {
        const engine::ProjectionShape shape = engine::projectionShape(config, projection);
        const std::uint64_t rows = unsignedOf(shape.outFeatures);
        const std::uint64_t columns = unsignedOf(shape.inFeatures);
        values += rows * columns;
        packed += engine::quantisedBytes(*format, rows, columns);
        largest = std::max(largest, rows * columns);
    }
    const std::uint64_t layers = unsignedOf(config.num_hidden_layers);
    return whole - layers * values * computeBytes + layers * packed + largest * computeBytes;
}

engine::WorkspaceShape workspaceShape(const TrainShape& shape, const BatchExtent& batch) {
    return {batch.tokens,
            batch.targets,
            batch.longestRow,
            shape.computeBytes,
            shape.drops,
            shape.recomputedLayers,
            static_cast<int>(cpuFeatures().cores),
            shape.int8Products};
}

} // namespace

BatchExtent evenBatch(std::int64_t rows, std::int64_t length) {
    return {rows * length, rows * (length - 1), length};
}

std::uint64_t usableMemory(const config::MemorySettings& memory, const MemoryState& machine) {
    if (memory.limit_mib > 0) return static_cast<std::uint64_t>(memory.limit_mib) << 20;
    const std::uint64_t reserve = static_cast<std::uint64_t>(memory.reserve_mib) << 20;
    if (machine.availableBytes == 0) return 0;
    return machine.availableBytes > reserve ? machine.availableBytes - reserve : 1;
}

std::uint64_t usableMemory(const config::MemorySettings& memory) {
    return usableMemory(memory, memoryState());
}

MemoryEstimate memoryToChat(const formats::ModelConfig& config, const ChatShape& shape) {
    const std::uint64_t tokens = unsignedOf(shape.contextTokens);
    MemoryEstimate estimate;
    estimate.weights = weightBytes(config, shape.computeBytes, shape.quantisation);
    estimate.cache = engine::contextBytes(config, shape.contextTokens, shape.computeBytes);
    // One layer at a time, and the logits of the last token.
    const std::uint64_t widths =
        4 * unsignedOf(config.hidden_size) + 3 * unsignedOf(config.intermediate_size);
    estimate.activations =
        tokens * widths * shape.computeBytes + kLogitCopies * unsignedOf(config.vocab_size) * kFloatBytes;
    return estimate;
}

MemoryEstimate memoryToTrain(const formats::ModelConfig& config, const TrainShape& shape) {
    MemoryEstimate estimate;
    estimate.weights = weightBytes(config, shape.computeBytes, shape.quantisation);
    const auto plan = engine::planLora(config, shape.r, 1.0, 0.0, shape.targetModules);
    if (!plan) return estimate; // training says why
    estimate.adapter = unsignedOf(plan->parameterCount) * kFloatBytes * kAdapterCopies;
    estimate.cache = engine::contextBytes(config, shape.answerTokens, shape.computeBytes);
    estimate.activations = engine::workspaceBytes(config, *plan, workspaceShape(shape, shape.batch));
    if (shape.evaluation.tokens == 0) return estimate;
    // A forward pass takes no more than one whose layers are all computed again.
    engine::WorkspaceShape evaluation = workspaceShape(shape, shape.evaluation);
    evaluation.recomputedLayers = config.num_hidden_layers;
    estimate.activations = std::max(estimate.activations, engine::workspaceBytes(config, *plan, evaluation));
    return estimate;
}

std::uint64_t leastToChat(const formats::ModelConfig& config,
                          std::optional<formats::Quantisation> quantisation) {
    ChatShape shape;
    shape.quantisation = quantisation;
    return memoryToChat(config, shape).total();
}

std::uint64_t leastToTrain(const formats::ModelConfig& config,
                           std::optional<formats::Quantisation> quantisation) {
    TrainShape shape;
    shape.batch = evenBatch(1, shape.batch.longestRow);
    shape.recomputedLayers = config.num_hidden_layers;
    shape.quantisation = quantisation;
    return memoryToTrain(config, shape).total();
}

std::optional<std::int64_t> layersToRecompute(const formats::ModelConfig& config, const TrainShape& shape,
                                              std::uint64_t budget) {
    const auto plan = engine::planLora(config, shape.r, 1.0, 0.0, shape.targetModules);
    if (!plan) return 0; // training says why
    const MemoryEstimate kept = memoryToTrain(config, shape);
    const std::uint64_t others = kept.total() - kept.activations;
    if (others > budget) return std::nullopt;
    return engine::fewestRecomputed(config, *plan, workspaceShape(shape, shape.batch), budget - others);
}

std::uint64_t loraParameters(const formats::ModelConfig& config, std::int64_t r,
                             const std::vector<std::string>& targetModules) {
    const auto plan = engine::planLora(config, r, 1.0, 0.0, targetModules);
    return plan ? unsignedOf(plan->parameterCount) : 0;
}

std::uint64_t memoryByParameters(std::uint64_t parameters, std::uint64_t computeBytes) {
    return parameters == 0 ? 0 : parameters * computeBytes / 8 * 9 + kProgramBytes;
}

} // namespace llamahome::jobs
