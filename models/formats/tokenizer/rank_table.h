// Reads Meta's tokenizer.model: one token's bytes in base64 and its rank a line (tiktoken's format). Any
// thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

/// The tokens' bytes by rank, which is their id. TK-13, with the line, for ranks that are not 0, 1, 2 …, for
/// what is no base64, tokens that are empty, longer than 256 bytes or there twice, and single bytes that are
/// missing; TK-12 for a SentencePiece model, which has the same file name. At most 64 MiB.
Result<std::vector<std::string>> readRankTable(const std::filesystem::path& tokenizerModel);

/// The merges that give the same tokens as the ranks: of each token in turn all the ways to put it together
/// from two others, by their ranks (llama.md 4.3). "left right" in the alphabet of bytes. TK-02, naming the
/// file as `what`, where they take more than kMaxMergeBytes.
Result<std::vector<std::string>> mergesOfRanks(const std::vector<std::string>& tokens,
                                               const std::string& what);

/// Of all merges of one tokenizer; Llama 3's take 5 MB.
inline constexpr std::size_t kMaxMergeBytes = 256U << 20;

} // namespace llamahome::formats
