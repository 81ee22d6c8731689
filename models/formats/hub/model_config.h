// The architecture of a Llama model as config.json describes it. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"

namespace llamahome::formats {

/// How rotary frequencies are changed for longer contexts. Other types are refused by name.
enum class RopeType {
    Linear,  ///< every frequency divided by the factor
    Dynamic, ///< the base grows with a row's length beyond max_position_embeddings (NTK)
    Llama3,  ///< low frequencies divided, high ones kept, a slope between (llama.md 2.4)
};

/// `rope_scaling`. What follows the factor is of type llama3 only.
struct RopeScaling {
    RopeType type = RopeType::Llama3;
    double factor = 8.0;
    double low_freq_factor = 1.0;
    double high_freq_factor = 4.0;
    std::int64_t original_max_position_embeddings = 8192;
};

/// Names are config.json's.
struct ModelConfig {
    std::int64_t vocab_size = 0;
    std::int64_t hidden_size = 0;
    std::int64_t intermediate_size = 0;
    std::int64_t num_hidden_layers = 0;
    std::int64_t num_attention_heads = 0;
    std::int64_t num_key_value_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t max_position_embeddings = 2048;
    double rms_norm_eps = 1e-6;
    double rope_theta = 10000.0;
    std::optional<RopeScaling> rope_scaling;
    bool attention_bias = false; ///< q, k, v and o_proj add a bias
    bool mlp_bias = false;       ///< gate, up and down_proj add a bias
    bool tie_word_embeddings = false;
    std::string torch_dtype; ///< "bfloat16"; empty: take it from the tensors
    std::optional<std::int64_t> bos_token_id;
    std::vector<std::int64_t> eos_token_ids;  ///< one, several or none
    std::optional<Quantisation> quantization; ///< of the layers' matrices, by `quantization_config`

    /// Weights of the decoder, embedding and head included once each.
    std::uint64_t parameterCount() const;
    bool isScaledLike(RopeType type) const { return rope_scaling && rope_scaling->type == type; }
};

/// Reads and checks a config.json by the reader rules of both transformers generations: missing fields get
/// the library's defaults, unknown keys are ignored, what cannot be run is refused by name.
Result<ModelConfig> parseModelConfig(const Json& json, std::string_view what);
Result<ModelConfig> readModelConfig(const std::filesystem::path& configJson);

/// The config.json of a model, in the Hub's key order.
Json modelConfigJson(const ModelConfig& config);

} // namespace llamahome::formats
