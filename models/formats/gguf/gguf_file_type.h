// The kinds of GGUF file that are written, and how each packs which tensor. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf/gguf_writer.h"
#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// Numbers are those of general.file_type (llama.md 8.2, llama.h: enum llama_ftype).
enum class GgufFileType : std::uint32_t {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q8_0 = 7,
    Q4_K_M = 15,
    Q6_K = 18,
    BF16 = 32,
};

/// "Q4_K_M".
std::string_view ggufFileTypeName(GgufFileType type);
/// The type of that name in any case; nothing for another name.
std::optional<GgufFileType> ggufFileTypeOf(std::string_view name);
/// All names, the largest files first.
const std::vector<std::string>& ggufFileTypeNames();

/// How most matrices of such a file are packed.
const BlockType& ggufMainPacking(GgufFileType type);

/// Every tensor of the file, under its GGUF name, packed as llama.cpp does it: vectors as F32; the head, or
/// the embedding where the two are one, as Q6_K in a Q4_0 or Q4_K_M file; in Q4_K_M the values and the second
/// feed-forward matrix of the first and last eighth of the layers, and of every third between them, as Q6_K.
/// Rows that 256 does not divide become Q5_0 instead of Q4_K and Q8_0 instead of Q6_K; rows that 32 does not
/// divide become F16 (llama.md 8.3; llama-quant.cpp).
std::vector<GgufPlanned> planGgufTensors(const ModelConfig& config, GgufFileType type);

} // namespace llamahome::formats
