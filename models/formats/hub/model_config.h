// The architecture of a Llama model as config.json describes it. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::formats {

/// `rope_scaling` of type llama3 (llama.md 2.4). Other types are refused by name.
struct Llama3RopeScaling {
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
    std::optional<Llama3RopeScaling> rope_scaling;
    bool tie_word_embeddings = false;
    std::string torch_dtype; ///< "bfloat16"; empty: take it from the tensors
    std::optional<std::int64_t> bos_token_id;
    std::vector<std::int64_t> eos_token_ids; ///< one, several or none

    /// Weights of the decoder, embedding and head included once each.
    std::uint64_t parameterCount() const;
};

/// Reads and checks a config.json by the reader rules of both transformers generations: missing fields get
/// the library's defaults, unknown keys are ignored, what cannot be run is refused by name.
Result<ModelConfig> parseModelConfig(const Json& json, std::string_view what);
Result<ModelConfig> readModelConfig(const std::filesystem::path& configJson);

/// The config.json of a model, in the Hub's key order.
Json modelConfigJson(const ModelConfig& config);

} // namespace llamahome::formats
