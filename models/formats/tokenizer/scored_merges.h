// The two ways in which a BPE of characters says what is put together first: a score a token, or a list of
// merges. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// Of every ordinary token all ways to put it together from two others, the greatest score first, of equal
/// scores the lower id: "left right". `scores`: one for each token. TK-02, naming the file as `what`, where
/// this takes more bytes than any tokenizer needs.
Result<std::vector<std::string>> mergesOfScores(const TokenizerParts& parts, const std::vector<float>& scores,
                                                std::string_view what);

/// The inverse: 0, −1, −2 … in the order of the merges, then for ordinary tokens that no merge makes; those
/// of other kinds have llama.cpp's constants. Tokens that are runs of one character may have one score, as
/// the runs of blanks of Llama 2 have. EXP-02, naming the file as `what`, for a list that no scores express:
/// one that comes back to another token, or lacks a way to make one.
Result<std::vector<float>> scoresOfMerges(const TokenizerParts& parts, std::string_view what);

} // namespace llamahome::formats
