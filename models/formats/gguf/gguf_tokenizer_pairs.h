// A tokenizer as the metadata of a GGUF file: the inverse of tokenizerFromGguf(). Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/gguf/gguf_pairs.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// Adds tokenizer.ggml.* and tokenizer.chat_template as llama.cpp's converter writes them (llama.md 8.2). Of
/// several end tokens the eos, the end of turn and the end of message have keys; llama.cpp knows others by
/// their text (isGgufEndText()), and all stand in a list of our own for the way back. Returns a line for each
/// that it will not know, and for collapsed blanks, of which it knows nothing. EXP-02 for a tokenizer of
/// characters that scores do not express (scoresOfMerges()) or that lacks bytes' tokens, without which
/// llama.cpp ends at the first unknown character; `what` names it.
Result<std::vector<std::string>> addTokenizerPairs(GgufPairs& pairs, const TokenizerParts& parts,
                                                   std::string_view what);

} // namespace llamahome::formats
