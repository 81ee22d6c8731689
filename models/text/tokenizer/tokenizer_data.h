// What a Tokenizer shares among its copies. Filled by tokenizer_reader.cpp, then immutable; any thread.
#pragma once

#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/bpe_model.h"
#include "text/tokenizer/normaliser.h"
#include "text/tokenizer/post_processor.h"
#include "text/tokenizer/pre_tokenizer.h"
#include "text/tokenizer/token_decoder.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::text {

struct Tokenizer::Data {
    AddedTokens added;
    Normaliser normaliser;
    PreTokenizer preTokenizer;
    BpeModel model;
    PostProcessor postProcessor;
    TokenDecoder decoder;
    std::size_t vocabSize = 0;
    std::optional<std::int32_t> bos;
    std::vector<std::int32_t> endTokens;
    std::vector<std::string> notices;

    /// The id of a token as tokenizer.json spells it, added or of the model.
    std::optional<std::int32_t> idOf(std::string_view token) const;
    bool hasToken(std::int32_t id) const;
};

/// Everything of tokenizer.json.
Result<Tokenizer::Data> readTokenizerJson(const Json& json, std::string_view what);

/// Adds bos and end tokens from the other files of a model folder and its `config`, the tokenizer's; absent
/// files add nothing.
Result<void> readSpecialIds(const std::filesystem::path& modelFolder, const Json& config,
                            Tokenizer::Data& data);

} // namespace llamahome::text
