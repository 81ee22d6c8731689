// A SentencePiece tokenizer.model (Llama 2, TinyLlama, Mistral) as a Hub tokenizer.json. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::formats {

struct SentencePieceTokenizer {
    Json tokenizer;       ///< tokenizer.json, as the reference library converts such models
    std::size_t size = 0; ///< pieces
    std::optional<std::int64_t> bosToken;
    std::optional<std::int64_t> eosToken;
    std::optional<std::int64_t> padToken;
};

/// Whether a tokenizer.model is of this kind, and not Meta's list of ranks.
bool isSentencePieceModel(std::string_view bytes);

/// Reads the bytes of a BPE model; `what` names it in messages. TK-01 naming the byte of damage, TK-02 for
/// too many pieces, TK-04 for a piece that stands twice, TK-07 for one that is empty, no UTF-8 or without a
/// score, TK-10 for none or several unknown pieces, TK-12 for what is not read: Unigram and other kinds of
/// model, a normaliser with a table of its own, unused pieces.
Result<SentencePieceTokenizer> tokenizerFromSentencePiece(std::string_view bytes, std::string_view what);

} // namespace llamahome::formats
