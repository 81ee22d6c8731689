// A SentencePiece tokenizer.model (Llama 2, TinyLlama, Mistral) as a Hub tokenizer.json. Any thread.
#pragma once

#include <string_view>

#include "core/result.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// Whether a tokenizer.model is of this kind, and not Meta's list of ranks.
bool isSentencePieceModel(std::string_view bytes);

/// Reads the bytes of a BPE model; `what` names it in messages. Roles are those of its control pieces: bos
/// stands before each text, eos ends an answer. Normal pieces merge by their scores (mergesOfScores()). TK-01
/// naming the byte of damage, TK-02 for too many pieces, TK-04 for a piece that stands twice, TK-07 for one
/// that is empty, no UTF-8 or without a score, TK-10 for none or several unknown pieces, TK-12 for what is
/// not read: Unigram and other kinds of model, a normaliser with a table of its own, unused pieces.
Result<TokenizerParts> partsOfSentencePiece(std::string_view bytes, std::string_view what);

/// The same as the files of the Hub, as the reference library converts such models.
Result<HubTokenizer> tokenizerFromSentencePiece(std::string_view bytes, std::string_view what);

} // namespace llamahome::formats
