// Tokenizers, chat templates and rows of data.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/json.h"
#include "formats/tokenizer/rank_table.h"
#include "formats/tokenizer/sentencepiece_model.h"
#include "fuzz_target.h"
#include "text/data/dataset.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/split_pattern.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::fuzz {
namespace {

using text::SpecialTokens;

void encodeText(const text::Tokenizer& tokenizer, std::string_view line, SpecialTokens handling) {
    const auto ids = tokenizer.encode(line, handling, true);
    for (const std::int32_t id : ids)
        require(tokenizer.hasToken(id), "an id has a token");
    require(accepted(tokenizer.decode(ids, false)), "ids that were given out can be decoded");
}

/// The vocabulary's ordinary tokens over and over, so that they merge.
std::string wordsOf(const text::Tokenizer& tokenizer, std::size_t bytes) {
    constexpr std::int32_t kMostTokens = 64;
    std::string line;
    const auto count = static_cast<std::int32_t>(std::min<std::size_t>(tokenizer.vocabSize(), kMostTokens));
    for (std::int32_t id = 0; id < count && line.size() < bytes; ++id)
        if (tokenizer.hasToken(id) && !tokenizer.isSpecial(id)) line += tokenizer.tokenBytes(id);
    while (!line.empty() && line.size() < bytes)
        line += line.substr(0, bytes - line.size());
    return line;
}

/// Every id of a text has a token, and the tokens have a text again. Pieces of up to 48 symbols, of up to
/// 4,096 and longer ones are merged in ways of their own; the last takes a while, so it is for some inputs
/// only.
void encodeTexts(const text::Tokenizer& tokenizer, std::string_view input) {
    constexpr std::size_t kLong = 300;
    constexpr std::size_t kVeryLong = 5000;
    for (const std::string_view line : {"ab <s>a", "  a\n12 \xC3\xA9", "\xFF\xE2\x96\x81"})
        for (const SpecialTokens handling : {SpecialTokens::AsText, SpecialTokens::Recognised})
            encodeText(tokenizer, line, handling);
    encodeText(tokenizer, wordsOf(tokenizer, kLong), SpecialTokens::AsText);
    if (input.size() % 16 == 0) encodeText(tokenizer, wordsOf(tokenizer, kVeryLong), SpecialTokens::AsText);
}

void tokenizerJson(std::string_view bytes) {
    const auto json = parseJson(bytes, "tokenizer.json");
    if (!accepted(json)) return;
    const auto tokenizer = text::Tokenizer::parse(*json, "tokenizer.json");
    if (accepted(tokenizer)) encodeTexts(*tokenizer, bytes);
}

void sentencePiece(std::string_view bytes) {
    (void)formats::isSentencePieceModel(bytes);
    const auto model = formats::tokenizerFromSentencePiece(bytes, "tokenizer.model");
    if (!accepted(model)) return;
    const auto tokenizer = text::Tokenizer::parse(model->tokenizer, "tokenizer.json");
    if (accepted(tokenizer)) encodeTexts(*tokenizer, bytes);
}

void rankTable(std::string_view bytes) {
    const auto ranks = formats::readRankTable(scratchFile("tokenizer.model", bytes));
    if (!accepted(ranks)) return;
    require(ranks->size() >= 256, "every byte has a rank");
    (void)accepted(formats::mergesOfRanks(*ranks, "tokenizer.model"));
}

void chatTemplate(std::string_view bytes) {
    const auto chat = text::ChatTemplate::recognise(bytes, {"<s>", "</s>"});
    if (!accepted(chat)) return;
    const auto segments = chat->render({{"user", "hello"}, {"assistant", "hi"}});
    require(accepted(segments), "a known template renders a turn and its answer");
}

void splitPattern(std::string_view bytes) {
    const auto pattern = text::SplitPattern::compile(bytes);
    if (!accepted(pattern)) return;
    constexpr std::string_view kLine = "a bc  12\xC3\xA9\n aaaaaaaaaaaaaaaaaaaaaaaa!";
    for (std::size_t at = 0; at < kLine.size();) {
        const auto match = pattern->find(kLine, at);
        if (!match) break;
        require(match->begin >= at && match->begin <= match->end && match->end <= kLine.size(),
                "a match lies in the text");
        at = match->end > at ? match->end : kLine.size();
    }
}

void readRows(const std::filesystem::path& path) {
    auto reader = text::DatasetReader::open(path);
    if (!accepted(reader)) return;
    while (true) {
        const auto row = reader->next();
        if (!accepted(row) || !*row) return;
        if (const auto* problem = std::get_if<text::RowProblem>(&**row)) requireGoodError(problem->error);
    }
}

void jsonLines(std::string_view bytes) {
    readRows(scratchFile("rows.jsonl", bytes));
}
void jsonArray(std::string_view bytes) {
    readRows(scratchFile("rows.json", bytes));
}
void table(std::string_view bytes) {
    readRows(scratchFile("rows.csv", bytes));
}

constexpr std::array kTargets{
    FuzzTarget{"tokenizer_json", tokenizerJson}, FuzzTarget{"sentencepiece", sentencePiece},
    FuzzTarget{"rank_table", rankTable},         FuzzTarget{"chat_template", chatTemplate},
    FuzzTarget{"split_pattern", splitPattern},   FuzzTarget{"json_lines", jsonLines},
    FuzzTarget{"json_array", jsonArray},         FuzzTarget{"table", table}};

} // namespace

std::span<const FuzzTarget> textTargets() {
    return kTargets;
}

} // namespace llamahome::fuzz
