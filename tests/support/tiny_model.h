// A model in Hub layout, small enough for a test: random weights, byte-level tokenizer, ChatML. One thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "formats/hub/model_config.h"
#include "formats/tensor.h"

namespace llamahome::testing {

/// Two layers of width 64 with grouped queries and a tied head, bfloat16, 512 tokens of context.
formats::ModelConfig tinyConfig();

/// Ids of the tokenizer below.
inline constexpr std::int32_t kEndOfText = 0; ///< "<|endoftext|>", bos and pad
inline constexpr std::int32_t kImStart = 1;   ///< "<|im_start|>"
inline constexpr std::int32_t kImEnd = 2;     ///< "<|im_end|>", the end token
inline constexpr std::int32_t kFirstByte = 3; ///< the byte b is token kFirstByte + b
inline constexpr std::int64_t kTinyVocabulary = 264;

/// Fills `folder` (created): config.json, generation_config.json, tokenizer.json (each byte a token, three
/// special tokens, five merges), tokenizer_config.json with SmolLM2's ChatML template,
/// special_tokens_map.json, LICENSE, and model.safetensors with weights drawn by Philox from `seed`, of
/// standard deviation 1/sqrt(in), norms near one. Same arguments, same bytes. Throws std::runtime_error.
void writeTinyModel(const std::filesystem::path& folder, const formats::ModelConfig& config = tinyConfig(),
                    std::uint64_t seed = 1, formats::DType dtype = formats::DType::BF16);

/// Only model.safetensors, over an existing one.
void writeTinyWeights(const std::filesystem::path& folder, const formats::ModelConfig& config,
                      std::uint64_t seed, formats::DType dtype = formats::DType::BF16);

} // namespace llamahome::testing
