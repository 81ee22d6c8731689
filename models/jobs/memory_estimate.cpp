#include "jobs/memory_estimate.h"

#include <algorithm>

#include "llama/lora/lora_plan.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kFloatBytes = 4;
/// Parameters, gradients, two moments of AdamW, and the best state kept aside.
constexpr std::uint64_t kAdapterCopies = 5;
/// Rows of logits at once, and their fp32 copies (head_loss.cpp).
constexpr std::uint64_t kHeadRows = 256;
constexpr std::uint64_t kHeadCopies = 3;
/// fp32 copies of the input that a norm keeps for its backward pass (rms_norm.cpp), and norms a layer.
constexpr std::uint64_t kNormCopies = 3;
constexpr std::uint64_t kNorms = 2;

std::uint64_t unsignedOf(std::int64_t value) {
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

struct Widths {
    explicit Widths(const formats::ModelConfig& config)
        : hidden(unsignedOf(config.hidden_size))
        , queries(unsignedOf(config.num_attention_heads * config.head_dim))
        , keys(unsignedOf(config.num_key_value_heads * config.head_dim))
        , inner(unsignedOf(config.intermediate_size)) {}

    std::uint64_t hidden;
    std::uint64_t queries;
    std::uint64_t keys;
    std::uint64_t inner;
};

bool adapts(const TrainShape& shape, const std::string& target) {
    const auto& names = shape.targetModules;
    return std::find(names.begin(), names.end(), target) != names.end() ||
           std::find(names.begin(), names.end(), "all-linear") != names.end();
}

/// What autograd keeps of one layer for one token: both norms in fp32; queries, output, keys and values of
/// the attention; gate, its activation and the other factor; the dropped inputs of adapted projections.
std::uint64_t savedBytesPerToken(const Widths& width, const TrainShape& shape) {
    const std::uint64_t norms = kNorms * kNormCopies * width.hidden * kFloatBytes;
    std::uint64_t elements = 2 * width.hidden + 2 * (width.queries + width.keys) + 3 * width.inner;
    if (adapts(shape, "q_proj") || adapts(shape, "k_proj") || adapts(shape, "v_proj"))
        elements += 2 * width.hidden;
    if (adapts(shape, "o_proj")) elements += 2 * width.queries;
    if (adapts(shape, "gate_proj") || adapts(shape, "up_proj")) elements += 2 * width.hidden;
    if (adapts(shape, "down_proj")) elements += 2 * width.inner;
    return norms + elements * shape.computeBytes;
}

std::uint64_t logitsBytes(const formats::ModelConfig& config, std::uint64_t rows) {
    return rows * unsignedOf(config.vocab_size) * kFloatBytes * kHeadCopies;
}

} // namespace

std::uint64_t usableMemory(const config::MemorySettings& memory, const MemoryState& machine) {
    if (memory.limit_mib > 0) return static_cast<std::uint64_t>(memory.limit_mib) << 20;
    const std::uint64_t reserve = static_cast<std::uint64_t>(memory.reserve_mib) << 20;
    if (machine.availableBytes == 0) return 0;
    return machine.availableBytes > reserve ? machine.availableBytes - reserve : 1;
}

std::uint64_t usableMemory(const config::MemorySettings& memory) {
    return usableMemory(memory, memoryState());
}

std::uint64_t computeBytesHere() {
    return multipliesBf16(cpuFeatures()) ? 2 : 4;
}

MemoryEstimate memoryToChat(const formats::ModelConfig& config, const ChatShape& shape) {
    const Widths width(config);
    const std::uint64_t tokens = unsignedOf(shape.contextTokens);
    MemoryEstimate estimate;
    estimate.weights = config.parameterCount() * shape.computeBytes;
    estimate.cache = unsignedOf(config.num_hidden_layers) * 2 * width.keys * tokens * shape.computeBytes;
    // One layer at a time, and the logits of the last token.
    estimate.activations =
        tokens * (4 * width.hidden + 3 * width.inner) * shape.computeBytes + logitsBytes(config, 1);
    return estimate;
}

MemoryEstimate memoryToTrain(const formats::ModelConfig& config, const TrainShape& shape) {
    const Widths width(config);
    const std::uint64_t layers = unsignedOf(config.num_hidden_layers);
    const std::uint64_t tokens = unsignedOf(shape.rows) * unsignedOf(shape.length);
    const std::uint64_t savedLayers = shape.recompute ? 1 : layers;
    MemoryEstimate estimate;
    estimate.weights = config.parameterCount() * shape.computeBytes;
    estimate.adapter = loraParameters(config, shape.r, shape.targetModules) * kFloatBytes * kAdapterCopies;
    estimate.activations = tokens * savedBytesPerToken(width, shape) * savedLayers +
                           tokens * layers * width.hidden * shape.computeBytes +
                           logitsBytes(config, std::min(tokens, kHeadRows));
    return estimate;
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
