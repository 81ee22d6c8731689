// How much memory a model needs: the one set of formulas for the list of models and the forecast. Any thread.
//
// That of a training is what the engine's workspace holds (llama/train/workspace_plan.h), were every token
// trained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model_settings.h"
#include "core/machine.h"
#include "formats/hub/model_config.h"

namespace llamahome::jobs {

inline constexpr std::int64_t kListedContext = 2048; ///< tokens of context for which `models` states memory
/// libtorch, the program and buffers of the products.
inline constexpr std::uint64_t kProgramBytes = 400ULL << 20;

/// Bytes of one weight where products run in the type that precision `auto` takes on this machine: 2 where
/// the CPU multiplies bf16 natively, else 4.
std::uint64_t computeBytesHere();

/// Bytes that a job may take now: the limit of the settings, else what is available less the reserve, at
/// least one; 0 where it is not known. `machine` is that of memoryState().
std::uint64_t usableMemory(const config::MemorySettings& memory, const MemoryState& machine);
std::uint64_t usableMemory(const config::MemorySettings& memory);

struct ChatShape {
    std::int64_t contextTokens = kListedContext;
    std::uint64_t computeBytes = 2; ///< of one number of weights, cache and activations
    /// Of the layers' matrices; a model that is quantised on its disk stays as it is.
    std::optional<formats::Quantisation> quantisation = {};
};

struct TrainShape {
    std::int64_t rows = 4; ///< of a micro-batch
    std::int64_t length = 512;
    std::int64_t r = 8;
    std::vector<std::string> targetModules{"q_proj", "v_proj"}; ///< "all-linear": all seven
    bool recompute = false;                                     ///< gradient checkpointing
    bool drops = true;                                          ///< LoRA dropout
    std::uint64_t computeBytes = 2;
    std::optional<formats::Quantisation> quantisation = {}; ///< as for chat
};

/// Bytes by what they are for.
struct MemoryEstimate {
    std::uint64_t weights = 0;     ///< and, of a quantised model, the values of its largest matrix
    std::uint64_t cache = 0;       ///< keys and values
    std::uint64_t activations = 0; ///< kept for the backward pass, and the head's chunk of logits
    std::uint64_t adapter = 0;     ///< parameters, gradients, two moments, best copy; all fp32
    std::uint64_t program = kProgramBytes;

    std::uint64_t total() const { return weights + cache + activations + adapter + program; }
};

MemoryEstimate memoryToChat(const formats::ModelConfig& config, const ChatShape& shape);
MemoryEstimate memoryToTrain(const formats::ModelConfig& config, const TrainShape& shape);

/// What a model needs at least on this machine: to chat with kListedContext tokens, to train one row of 512
/// tokens at a time, layers recomputed, r 8 on q and v.
std::uint64_t leastToChat(const formats::ModelConfig& config,
                          std::optional<formats::Quantisation> quantisation = {});
std::uint64_t leastToTrain(const formats::ModelConfig& config,
                           std::optional<formats::Quantisation> quantisation = {});

/// Number of parameters of a LoRA of rank r on those projections of every layer; 0 for a rank or a target
/// that the engine refuses.
std::uint64_t loraParameters(const formats::ModelConfig& config, std::int64_t r,
                             const std::vector<std::string>& targetModules);

/// For a model of which only the number of parameters is known: weights, an eighth for the rest.
std::uint64_t memoryByParameters(std::uint64_t parameters, std::uint64_t computeBytes);

} // namespace llamahome::jobs
