// The two patterns that Llama's tokenizers cut text with, as hand-written scanners. Any thread.
//
// Each does what its regular expression does under Perl's rules (alternatives in order, greedy with
// back-tracking) in time linear in the text. Source: llama.md 4.2; GPT-2's from huggingface/tokenizers,
// byte_level.rs.
#pragma once

#include <cstddef>
#include <string_view>

#include "formats/tokenizer/llama3_pattern.h"

namespace llamahome::text {

/// The expression in tokenizer.json that llama3PieceEnd() stands for.
using formats::kLlama3Pattern;

/// The expression of the ByteLevel step with use_regex, which gpt2PieceEnd() stands for.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// End of the piece that begins at `at` < text.size(), which is valid UTF-8. Pieces cover the text.
std::size_t llama3PieceEnd(std::string_view text, std::size_t at);
std::size_t gpt2PieceEnd(std::string_view text, std::size_t at);

} // namespace llamahome::text
