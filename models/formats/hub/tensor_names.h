// The one table of a Llama's tensors: their names at the Hub, in Meta's files and in GGUF, and their shapes.
// Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/tensor.h"

namespace llamahome::formats {

enum class NameStyle { Hub, Meta, Gguf };

/// The same tensor's name in another style ("blk.3.attn_q.weight" →
/// "model.layers.3.self_attn.q_proj.weight"), or nothing for a name that the table does not know.
std::optional<std::string> translateName(std::string_view name, NameStyle from, NameStyle to);

/// Every tensor that a model of this configuration has, under Hub names with shapes (out, in), in module
/// order. The head is absent when tied. The type is the configuration's, BF16 where it names none.
std::vector<TensorInfo> expectedTensors(const ModelConfig& config);

/// Number of heads whose rows Meta and GGUF store in interleaved order: the query heads for weight and bias
/// of q_proj, the key heads for k_proj, 0 for every other tensor (llama.md 2.3).
std::int64_t interleavedHeads(std::string_view hubName, const ModelConfig& config);

/// The seven adaptable projections in the order of a layer: "self_attn.q_proj" … "mlp.down_proj".
const std::vector<std::string>& projectionModules();

/// True for tensors that a loader may skip without a word: stored rotary frequencies of old files.
bool isIgnoredTensor(std::string_view hubName);

/// The types that the program computes with: BF16, F16, F32. Others are packed by programs of their own.
bool isWeightType(DType type);

/// Compares names and shapes with the configuration. ST-42 lists up to ten missing or unknown tensors, ST-41
/// names the first wrong shape. An lm_head beside a tied embedding is allowed. `what` names the model.
Result<void> checkModelTensors(const TensorSource& source, const ModelConfig& config,
                               const std::string& what);

} // namespace llamahome::formats
