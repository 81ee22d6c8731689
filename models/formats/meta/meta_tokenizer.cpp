#include "formats/meta/meta_tokenizer.h"

#include <array>
#include <string_view>
#include <utility>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/meta/dialogues.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "formats/tokenizer/rank_table.h"
#include "formats/tokenizer/sentencepiece_model.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kSpecialTokens = 256;
constexpr std::uint64_t kMaxBytes = 64U << 20;

/// Places behind the ranks, the same in every generation but for those of the tables below.
enum Place : std::int64_t { kBos = 0, kEndOfText = 1, kEndOfMessage = 8, kEndOfTurn = 9 };

using NamedPlace = std::pair<std::int64_t, std::string_view>;
constexpr std::array kLlama3Names{NamedPlace{kBos, "<|begin_of_text|>"},
                                  NamedPlace{kEndOfText, "<|end_of_text|>"},
                                  NamedPlace{6, "<|start_header_id|>"}, NamedPlace{7, "<|end_header_id|>"},
                                  NamedPlace{kEndOfTurn, "<|eot_id|>"}};
constexpr std::array kLaterNames{NamedPlace{4, "<|finetune_right_pad_id|>"},
                                 NamedPlace{kEndOfMessage, "<|eom_id|>"}, NamedPlace{10, "<|python_tag|>"}};
constexpr NamedPlace kPictureName{5, "<|step_id|>"};

/// The 256 names in their order; places without one are reserved, which are numbered through.
std::vector<std::string> specialNames(bool isLater, bool hasPictures) {
    std::vector<std::string> names(kSpecialTokens);
    const auto name = [&](const NamedPlace& place) {
        names[static_cast<std::size_t>(place.first)] = place.second;
    };
    for (const NamedPlace& place : kLlama3Names)
        name(place);
    if (isLater)
        for (const NamedPlace& place : kLaterNames)
            name(place);
    if (hasPictures) name(kPictureName);
    int reserved = 0;
    for (std::string& text : names)
        if (text.empty()) text = "<|reserved_special_token_" + std::to_string(reserved++) + "|>";
    return names;
}

/// `tokens`: the last id and one.
Result<void> checkRows(std::int64_t tokens, const std::filesystem::path& tokenizerModel,
                       const ModelConfig& config) {
    if (tokens <= config.vocab_size) return {};
    return Error{codes::kRankTable, displayPath(tokenizerModel) + ": found " + std::to_string(tokens) +
                                        " tokens, special ones included; the embedding has " +
                                        std::to_string(config.vocab_size) +
                                        " rows; get the tokenizer of this model"};
}

Result<HubTokenizer> ofRanks(const std::filesystem::path& tokenizerModel, const ModelConfig& config,
                             const MetaVariant& variant) {
    auto ranks = readRankTable(tokenizerModel);
    if (!ranks) return ranks.error();
    const auto first = static_cast<std::int64_t>(ranks->size());
    if (auto fit = checkRows(first + kSpecialTokens, tokenizerModel, config); !fit) return fit.error();
    const bool isLater = config.rope_scaling.has_value();
    TokenizerParts parts;
    auto merges = mergesOfRanks(*ranks, displayPath(tokenizerModel));
    if (!merges) return merges.error();
    parts.merges = std::move(*merges);
    for (const std::string& bytes : *ranks)
        parts.tokens.push_back(spellingOfBytes(bytes));
    parts.kinds.assign(parts.tokens.size(), TokenKind::Ordinary);
    for (std::string& name : specialNames(isLater, variant.hasPictures)) {
        parts.tokens.push_back(std::move(name));
        parts.kinds.push_back(TokenKind::Special);
    }
    parts.split = PieceSplit::Llama3;
    parts.addsBos = true;
    parts.roles.bos = first + kBos;
    parts.roles.eos = first + (variant.isInstruct ? kEndOfTurn : kEndOfText);
    parts.contextLength = config.max_position_embeddings;
    parts.endTokens = {first + kEndOfText};
    if (variant.isInstruct) {
        parts.chatTemplate = std::string(kLlama3Dialogue);
        if (isLater) parts.endTokens.push_back(first + kEndOfMessage);
        parts.endTokens.push_back(first + kEndOfTurn);
    }
    return buildHubTokenizer(parts);
}

Result<HubTokenizer> ofPieces(std::string_view bytes, const std::filesystem::path& tokenizerModel,
                              const ModelConfig& config, const MetaVariant& variant) {
    auto parts = partsOfSentencePiece(bytes, displayPath(tokenizerModel));
    if (!parts) return parts.error();
    const auto size = static_cast<std::int64_t>(parts->tokens.size());
    if (auto fit = checkRows(size, tokenizerModel, config); !fit) return fit.error();
    parts->contextLength = config.max_position_embeddings;
    if (variant.isInstruct) parts->chatTemplate = std::string(kLlama2Dialogue);
    return buildHubTokenizer(*parts);
}

} // namespace

Result<HubTokenizer> tokenizerFromMeta(const std::filesystem::path& tokenizerModel, const ModelConfig& config,
                                       const MetaVariant& variant) {
    const auto bytes = readFile(tokenizerModel, kMaxBytes);
    if (!bytes) return bytes.error();
    return isSentencePieceModel(*bytes) ? ofPieces(*bytes, tokenizerModel, config, variant)
                                        : ofRanks(tokenizerModel, config, variant);
}

} // namespace llamahome::formats
