#include "formats/meta/meta_tokenizer.h"

#include <array>
#include <string_view>
#include <utility>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "formats/tokenizer/rank_table.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kSpecialTokens = 256;

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

constexpr std::string_view kDialogue =
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + "
    "'<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

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

} // namespace

Result<HubTokenizer> tokenizerFromMeta(const std::filesystem::path& tokenizerModel, const ModelConfig& config,
                                       const MetaVariant& variant) {
    auto ranks = readRankTable(tokenizerModel);
    if (!ranks) return ranks.error();
    const auto first = static_cast<std::int64_t>(ranks->size());
    if (first + kSpecialTokens > config.vocab_size)
        return Error{codes::kRankTable,
                     displayPath(tokenizerModel) + ": found " + std::to_string(first) + " tokens and " +
                         std::to_string(kSpecialTokens) + " special ones, the embedding has " +
                         std::to_string(config.vocab_size) + " rows; get the tokenizer of this model"};
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
        parts.chatTemplate = std::string(kDialogue);
        if (isLater) parts.endTokens.push_back(first + kEndOfMessage);
        parts.endTokens.push_back(first + kEndOfTurn);
    }
    return buildHubTokenizer(parts);
}

} // namespace llamahome::formats
