// How much memory a model needs: the one set of formulas for the list of models and the forecast. Any thread.
//
// That of a training is the peak of the whole process (VmHWM): tests/bench/compare_memory_plan.py measures
// it beside the forecast.
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
/// The program and what it uses of libtorch, as measured by tests/bench/compare_memory_plan.py.
inline constexpr std::uint64_t kProgramBytes = 150ULL << 20;

/// Bytes of one weight in bf16, the type that precision `auto` takes wherever the engine runs (decision
/// 0006).
inline constexpr std::uint64_t kAutoBytes = 2;

/// Bytes that a job may take now: the limit of the settings, else what is available less the reserve, at
/// least one; 0 where it is not known. `machine` is that of memoryState().
std::uint64_t usableMemory(const config::MemorySettings& memory, const MemoryState& machine);
std::uint64_t usableMemory(const config::MemorySettings& memory);

struct ChatShape {
    std::int64_t contextTokens = kListedContext;
    std::uint64_t computeBytes = kAutoBytes; ///< of one number of weights, cache and activations
    /// Of the layers' matrices; a model that is quantised on its disk stays as it is.
    std::optional<formats::Quantisation> quantisation = {};
};

/// Rows that go through the model at once.
struct BatchExtent {
    std::int64_t tokens = 0;
    std::int64_t targets = 0; ///< tokens that the model is trained to produce
    std::int64_t longestRow = 0;
};
/// So many rows of one length, every token but their first a target.
BatchExtent evenBatch(std::int64_t rows, std::int64_t length);

struct TrainShape {
    BatchExtent batch = evenBatch(4, 512); ///< the largest micro-batch
    BatchExtent evaluation;                ///< the largest of an evaluation
    std::int64_t r = 8;
    std::vector<std::string> targetModules{"q_proj", "v_proj"}; ///< "all-linear": all seven
    std::int64_t recomputedLayers = 0;                          ///< see llama/train/workspace_plan.h
    bool drops = true;                                          ///< LoRA dropout
    std::int64_t answerTokens = 0; ///< of the answers that are given while it trains, prompts included
    std::uint64_t computeBytes = kAutoBytes;
    std::optional<formats::Quantisation> quantisation = {}; ///< as for chat
    bool int8Products = false;                              ///< of matrices of int8 (W8A8)
};

/// Bytes by what they are for.
struct MemoryEstimate {
    std::uint64_t weights = 0;     ///< and, of a quantised model, the values of its largest matrix
    std::uint64_t cache = 0;       ///< keys and values
    std::uint64_t activations = 0; ///< kept for the backward pass, and the head's chunk of logits
    std::uint64_t adapter = 0;     ///< and its optimiser, with what writing a checkpoint copies; all fp32
    std::uint64_t program = kProgramBytes;

    std::uint64_t total() const { return weights + cache + activations + adapter + program; }
};

MemoryEstimate memoryToChat(const formats::ModelConfig& config, const ChatShape& shape);
MemoryEstimate memoryToTrain(const formats::ModelConfig& config, const TrainShape& shape);
/// The fewest layers to compute again for the training to take at most `budget`; nothing where it takes more
/// even with all. shape.recomputedLayers is not looked at.
std::optional<std::int64_t> layersToRecompute(const formats::ModelConfig& config, const TrainShape& shape,
                                              std::uint64_t budget);

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
