// GGUF files with a SentencePiece ("llama") vocabulary: the ids are SentencePiece's, what is written is what
// llama.cpp's converter writes, and it comes back as it was.
#include <functional>
#include <limits>

#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_to_hub.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/gguf/hub_to_gguf.h"
#include "formats/hub/model_weights.h"
#include "formats/tokenizer/hub_tokenizer_reader.h"
#include "formats/tokenizer/scored_merges.h"
#include "formats/tokenizer/sentencepiece_model.h"
#include "gguf_bytes.h"
#include "support/piece_lines.h"
#include "support/temporary_folder.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

namespace {

const fs::path kPieces = fs::path(LLAMAHOME_TEST_DATA) / "text" / "sentencepiece";

std::string messageOf(const Result<void>& result) {
    return result ? "" : std::string(result.error().code.text) + " " + result.error().message;
}

Result<void> exported(const fs::path& folder, const fs::path& target) {
    const auto weights = openModelWeights(folder);
    if (!weights) return weights.error();
    auto plan = GgufExport::plan(folder, **weights, {GgufFileType::F32, {}, {}});
    if (!plan) return plan.error();
    return plan->write(systemFiles(), target, {}, {}, {});
}

void changeJson(const fs::path& path, const std::function<void(Json&)>& change) {
    Json json = *readJsonFile(path);
    change(json);
    writeBytes(path, writeJson(json));
}

struct Vocabulary {
    std::vector<std::string> tokens{"<unk>", "<s>", "</s>", "<0x0A>", "a", "b", "ab"};
    std::vector<std::int32_t> types{2, 3, 3, 6, 1, 1, 1};
    std::vector<float> scores{0, 0, 0, 0, -2, -3, -1};
};

/// What an import says of a file with that vocabulary; its weights are not looked at before.
Error importError(const Vocabulary& vocabulary) {
    GgufBytes file;
    file.text("general.architecture", "llama").text("tokenizer.ggml.model", "llama");
    for (const auto& [key, value] :
         std::vector<std::pair<const char*, std::uint32_t>>{{"llama.context_length", 64},
                                                            {"llama.embedding_length", 4},
                                                            {"llama.block_count", 1},
                                                            {"llama.feed_forward_length", 4},
                                                            {"llama.attention.head_count", 2},
                                                            {"tokenizer.ggml.bos_token_id", 1},
                                                            {"tokenizer.ggml.eos_token_id", 2}})
        file.number(key, value);
    file.texts("tokenizer.ggml.tokens", vocabulary.tokens)
        .wholes("tokenizer.ggml.token_type", vocabulary.types);
    std::string scores =
        numberBytes(std::uint32_t{kGgufF32}) + numberBytes(std::uint64_t{vocabulary.scores.size()});
    for (const float score : vocabulary.scores)
        scores += numberBytes(score);
    if (!vocabulary.scores.empty()) file.pair("tokenizer.ggml.scores", kGgufArray, scores);
    for (const auto& [name, sizes] : std::vector<std::pair<const char*, std::vector<std::uint64_t>>>{
             {"token_embd.weight", {4, vocabulary.tokens.size()}},
             {"blk.0.attn_q.weight", {4, 4}},
             {"blk.0.attn_k.weight", {4, 4}},
             {"blk.0.attn_v.weight", {4, 4}},
             {"blk.0.attn_output.weight", {4, 4}},
             {"blk.0.ffn_gate.weight", {4, 4}},
             {"blk.0.ffn_up.weight", {4, 4}},
             {"blk.0.ffn_down.weight", {4, 4}},
             {"blk.0.attn_norm.weight", {4}},
             {"blk.0.ffn_norm.weight", {4}},
             {"output_norm.weight", {4}}}) {
        file.tensor(name, sizes, 0, file.data.size());
        file.zeros(sizes[0] * (sizes.size() > 1 ? sizes[1] : 1) * sizeof(float));
        file.zeros((32 - file.data.size() % 32) % 32);
    }
    const TemporaryFolder folder;
    writeBytes(folder / "m.gguf", file.bytes());
    const auto done = convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "out", {}, {});
    return done ? Error{{"none", ErrorClass::Failed}, "was accepted"} : done.error();
}

} // namespace

class TestGgufPieces final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anImportedVocabularyGivesSentencePiecesIds() {
        const TemporaryFolder folder;
        QCOMPARE(messageOf(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder.path(), {}, {})),
                 std::string());
        QCOMPARE(differentPieceLines(folder.path()), 0);
        const auto tokenizer = text::Tokenizer::load(folder.path());
        QVERIFY(tokenizer->prefixTokens() == Ids{1} && tokenizer->endTokens() == Ids{2});
        QCOMPARE(tokenizer->idOf("<unk>").value_or(-1), 0);
        const auto made = tokenizerFromSentencePiece(readBytes(kPieces / "llama/tokenizer.model"), "x");
        QVERIFY(made && *readJsonFile(folder / "tokenizer.json") == made->tokenizer);
    }

    void whatIsWrittenIsWhatTheConverterWrites() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        QCOMPARE(messageOf(exported(folder / "hub", folder / "m.gguf")), std::string());
        const auto ours = GgufReader::open(folder / "m.gguf");
        const auto reference = GgufReader::open(fixture("pieces.gguf"));
        QVERIFY(ours && reference);
        for (const auto& [key, value] : (*reference)->metadata()) {
            if (!key.starts_with("tokenizer.") || key == "tokenizer.ggml.scores") continue;
            if (key == "tokenizer.ggml.add_eos_token") continue; // false is what its absence says
            const auto found = (*ours)->metadata().find(key);
            QVERIFY2(found != (*ours)->metadata().end() && found->second == value, key.c_str());
        }
        const auto& types = GgufFields(**reference).requiredWholes("tokenizer.ggml.token_type");
        const auto& wanted = GgufFields(**reference).requiredReals("tokenizer.ggml.scores");
        const auto& found = GgufFields(**ours).requiredReals("tokenizer.ggml.scores");
        using namespace gguf_token_type;
        QCOMPARE(found.size(), wanted.size());
        for (std::size_t id = 0; id < wanted.size(); ++id)
            if (types[id] == kNormal || types[id] == kByte || types[id] == kUnused)
                QCOMPARE(found[id], wanted[id]);
    }

    void aModelComesBackAsItWasByteForByte() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        QVERIFY(exported(folder / "hub", folder / "m.gguf"));
        QVERIFY(convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "again", {}, {}));
        int files = 0;
        for (const auto& entry : fs::directory_iterator(folder / "hub")) {
            const auto name = entry.path().filename();
            QVERIFY2(readBytes(entry.path()) == readBytes(folder / "again" / name), name.c_str());
            ++files;
        }
        QCOMPARE(files, 6);
    }

    void aTokenizerModelAloneIsWrittenLikewise() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        QVERIFY(exported(folder / "hub", folder / "m.gguf"));
        fs::remove(folder / "hub/tokenizer.json");
        fs::copy_file(kPieces / "llama/tokenizer.model", folder / "hub/tokenizer.model");
        QCOMPARE(messageOf(exported(folder / "hub", folder / "n.gguf")), std::string());
        QVERIFY(readBytes(folder / "m.gguf") == readBytes(folder / "n.gguf"));
    }

    void aMetaspaceStandsForTheSameSteps() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        const auto config = readModelConfig(folder / "hub/config.json");
        for (const auto& [scheme, marks] : {std::pair{"first", true}, {"always", true}, {"never", false}}) {
            changeJson(folder / "hub/tokenizer.json", [&, name = scheme](Json& json) {
                json["normalizer"] = nullptr;
                json["pre_tokenizer"] = {{"type", "Metaspace"},
                                         {"replacement", "\xE2\x96\x81"},
                                         {"prepend_scheme", name},
                                         {"split", false}};
            });
            const auto parts = readTokenizerParts(folder / "hub", *config);
            QVERIFY2(parts, parts ? "" : parts.error().message.c_str());
            QVERIFY(parts->characters && parts->characters->addsMark == marks);
            QVERIFY(parts->characters->byteFallback && !parts->characters->collapsesBlanks);
        }
    }

    void collapsedBlanksAreKeptAndTold() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        const auto config = readModelConfig(folder / "hub/config.json");
        auto parts = readTokenizerParts(folder / "hub", *config);
        QVERIFY(parts);
        parts->characters->collapsesBlanks = true;
        writeBytes(folder / "hub/tokenizer.json", writeJson(buildHubTokenizer(*parts).tokenizer));
        const auto weights = openModelWeights(folder / "hub");
        auto plan = GgufExport::plan(folder / "hub", **weights, {GgufFileType::F32, {}, {}});
        QVERIFY2(plan, plan ? "" : plan.error().message.c_str());
        QCOMPARE(plan->notes().size(), std::size_t{1});
        QVERIFY(contains(plan->notes().front(), "blanks"));
        QVERIFY(plan->write(systemFiles(), folder / "m.gguf", {}, {}, {}));
        QVERIFY(convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "again", {}, {}));
        QVERIFY(readBytes(folder / "hub/tokenizer.json") == readBytes(folder / "again/tokenizer.json"));
    }

    void scoresAndMergesSayTheSame() {
        TokenizerParts parts;
        parts.tokens = {"a", "b", "ab", "aba", "c d", "<s>"};
        parts.kinds = {TokenKind::Ordinary, TokenKind::Ordinary, TokenKind::Ordinary,
                       TokenKind::Ordinary, TokenKind::Ordinary, TokenKind::Special};
        const auto merges = mergesOfScores(parts, {-5, -6, -7, -4, -1, 0}, "x");
        QVERIFY(merges && *merges == (std::vector<std::string>{"ab a", "a b"}));
        parts.merges = *merges;
        const auto scores = scoresOfMerges(parts, "x");
        QVERIFY(scores && *scores == (std::vector<float>{-2, -3, -1, 0, -4, -1000}));
        QVERIFY(*mergesOfScores(parts, *scores, "x") == *merges);
    }

    void runsOfOneCharacterMayHaveOneScore() { // Llama 2's runs of blanks, as transformers sorts their merges
        TokenizerParts parts;
        parts.tokens = {"a", "aa", "aaa", "aaaa", "b"};
        parts.kinds.assign(5, TokenKind::Ordinary);
        parts.merges = {"a a", "a aa", "aa a", "a aaa", "aa aa", "aaa a"};
        QVERIFY(*scoresOfMerges(parts, "x") == (std::vector<float>{-3, 0, -1, -2, -4}));
        parts.merges = {"a a", "aaa a", "aa aa", "aa a", "a aaa", "a aa"};
        const auto scores = scoresOfMerges(parts, "x");
        QVERIFY2(scores, scores ? "" : scores.error().message.c_str());
        QVERIFY(*scores == (std::vector<float>{-3, 0, -1, -1, -4}));
    }

    void mergesThatNoScoresExpressAreRefused() {
        TokenizerParts parts;
        parts.tokens = {"a", "b", "ab", "ba", "aba", "bab"};
        parts.kinds.assign(6, TokenKind::Ordinary);
        parts.merges = {"a b", "b a", "a ba", "ab a", "b ab", "ba b"};
        QVERIFY(scoresOfMerges(parts, "x"));
        parts.merges = {"a b", "b a", "a ba", "b ab", "ab a", "ba b"};
        const auto back = scoresOfMerges(parts, "x");
        QVERIFY(!back && back.error().code == codes::kExportKind);
        QVERIFY2(contains(back.error().message, "come back to the token \"aba\""),
                 back.error().message.c_str());
        parts.merges = {"a b", "b a", "a ba", "b ab", "ba b"};
        const auto lacking = scoresOfMerges(parts, "x");
        QVERIFY2(!lacking && contains(lacking.error().message, "lack a way to make the token \"aba\""),
                 lacking ? "" : lacking.error().message.c_str());
    }

    void tokensBeyondMeasureAreRefused() {
        TokenizerParts parts;
        parts.tokens = {std::string(20000, 'a')};
        parts.kinds = {TokenKind::Ordinary};
        const auto refused = mergesOfScores(parts, {0}, "x");
        QVERIFY(!refused && refused.error().code == codes::kTokenizerLimit);
        parts.tokens.clear();
        for (std::size_t i = 0; i < 100; ++i)
            parts.tokens.push_back(std::string(16000, 'a') + std::to_string(i));
        parts.kinds.assign(100, TokenKind::Ordinary);
        const auto many = mergesOfScores(parts, std::vector<float>(100, 0.0F), "x");
        QVERIFY(!many && many.error().code == codes::kTokenizerLimit);
    }

    void aTokenizerWithoutBytesIsNotWritten() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("pieces.gguf"), folder / "hub", {}, {}));
        changeJson(folder / "hub/tokenizer.json", [](Json& json) { json["model"]["byte_fallback"] = false; });
        const std::string message = messageOf(exported(folder / "hub", folder / "m.gguf"));
        QVERIFY2(message.starts_with("EXP-02") && contains(message, "of 0 bytes, expected of 256"),
                 message.c_str());
        QVERIFY(!fs::exists(folder / "m.gguf"));
    }

    void aWrongVocabularyIsRefusedByName() {
        QCOMPARE(importError({}).message, std::string("was accepted"));
        const auto check = [](const char* code, const char* words,
                              const std::function<void(Vocabulary&)>& change) {
            Vocabulary vocabulary;
            change(vocabulary);
            const Error error = importError(vocabulary);
            QVERIFY2(error.code.text == std::string_view(code) && contains(error.message, words),
                     (std::string(error.code.text) + " " + error.message).c_str());
        };
        check("GG-16", "tokenizer.ggml.scores", [](Vocabulary& v) { v.scores.clear(); });
        check("GG-18", "6 scores of 7 tokens", [](Vocabulary& v) { v.scores.pop_back(); });
        check("GG-18", "no number",
              [](Vocabulary& v) { v.scores[4] = std::numeric_limits<float>::quiet_NaN(); });
        check("GG-18", "no number",
              [](Vocabulary& v) { v.scores[4] = std::numeric_limits<float>::infinity(); });
        check("GG-18", "type 7, expected 1 to 6", [](Vocabulary& v) { v.types[4] = 7; });
        check("GG-18", "token 4 \"a\" is of the type of bytes", [](Vocabulary& v) { v.types[4] = 6; });
        check("GG-18", "also token 4", [](Vocabulary& v) { v.tokens[5] = "a"; });
        check("GG-18", "6 token types", [](Vocabulary& v) { v.types.pop_back(); });
        check("GG-18", "is not text", [](Vocabulary& v) { v.tokens[5] = "\xFF"; });
        check("TK-02", "any tokenizer needs", [](Vocabulary& v) { v.tokens[5] = std::string(20000, 'b'); });
    }
};

QTEST_GUILESS_MAIN(TestGgufPieces)
#include "test_gguf_pieces.moc"
