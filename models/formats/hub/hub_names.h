// Names of the files of a model in Hub layout, in one place. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace llamahome::formats {

inline constexpr std::string_view kModelConfigFile = "config.json";
inline constexpr std::string_view kGenerationConfigFile = "generation_config.json";

/// Weights: one file, or shards with an index that names the file of each tensor.
inline constexpr std::string_view kWeightsFile = "model.safetensors";
inline constexpr std::string_view kWeightsIndex = "model.safetensors.index.json";
/// The same as torch.save() writes them.
inline constexpr std::string_view kPickledFile = "pytorch_model.bin";
inline constexpr std::string_view kPickledIndex = "pytorch_model.bin.index.json";

inline constexpr std::string_view kTokenizerFile = "tokenizer.json";
inline constexpr std::string_view kTokenizerModel = "tokenizer.model"; ///< of SentencePiece, or Meta's ranks
inline constexpr std::string_view kTokenizerConfig = "tokenizer_config.json";
inline constexpr std::string_view kChatTemplateFile = "chat_template.jinja";

/// The files that a tokenizer and its chat template are read from.
inline constexpr std::array kTokenizerFiles{kTokenizerFile,
                                            kTokenizerModel,
                                            kTokenizerConfig,
                                            kChatTemplateFile,
                                            std::string_view("special_tokens_map.json"),
                                            std::string_view("added_tokens.json")};

constexpr bool isTokenizerFile(std::string_view name) {
    return std::find(kTokenizerFiles.begin(), kTokenizerFiles.end(), name) != kTokenizerFiles.end();
}

} // namespace llamahome::formats
