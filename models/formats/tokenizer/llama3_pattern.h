// The regular expression that Llama 3's tokenizers split text with, as tokenizer.json has it. Any thread.
#pragma once

#include <string_view>

namespace llamahome::formats {

/// Source: llama.md 4.2.
inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

} // namespace llamahome::formats
