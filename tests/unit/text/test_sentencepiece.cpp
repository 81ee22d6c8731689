#include <bit>
#include <limits>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/tokenizer/sentencepiece_model.h"
#include "support/temporary_folder.h"
#include "text/tokenizer/stream_decoder.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::testing;
using formats::partsOfSentencePiece;
using formats::tokenizerFromSentencePiece;
using text::SpecialTokens;
using text::Tokenizer;
using Ids = std::vector<std::int32_t>;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/sentencepiece/";
constexpr int kUnknown = 2;
constexpr int kControl = 3;
constexpr int kUnused = 5;

std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7)
        bytes += static_cast<char>((value & 0x7F) | 0x80);
    return bytes + static_cast<char>(value);
}

std::string number(int field, std::uint64_t value) {
    return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}

std::string message(int field, const std::string& bytes) {
    return varint((static_cast<std::uint64_t>(field) << 3) | 2) + varint(bytes.size()) + bytes;
}

std::string piece(const std::string& text, float score, int type = 1) {
    std::string bytes = message(1, text) + varint((2 << 3) | 5);
    const auto bits = std::bit_cast<std::uint32_t>(score);
    for (int i = 0; i < 4; ++i)
        bytes += static_cast<char>((bits >> (8 * i)) & 0xFF);
    return message(1, bytes + number(3, static_cast<std::uint64_t>(type)));
}

/// unk, bos, then a, b and ab.
std::string pieces() {
    return piece("<unk>", 0, kUnknown) + piece("<s>", 0, kControl) + piece("ab", -1) + piece("a", -2) +
           piece("b", -3);
}

std::string bpe() {
    return message(2, number(3, 2));
}

} // namespace

class TestSentencePiece final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rolesComeFromTheTrainersSettings() {
        const auto read = [](const char* name) {
            return *partsOfSentencePiece(*readFile(kData + name + "/tokenizer.model", 1 << 20), name);
        };
        const auto llama = read("llama");
        QCOMPARE(llama.tokens.size(), std::size_t{900});
        QCOMPARE(llama.roles.bos.value_or(-1), 1);
        QCOMPARE(llama.roles.eos.value_or(-1), 2);
        QCOMPARE(llama.roles.unk.value_or(-1), 0);
        QVERIFY(!llama.roles.pad);
        QCOMPARE(Tokenizer::load(kData + "llama")->prefixTokens(), Ids{1});
        QCOMPARE(read("collapsing").roles.pad.value_or(-1), 3);
        QVERIFY(!read("bare").roles.bos);
        QCOMPARE(Tokenizer::load(kData + "bare")->prefixTokens(), Ids{});
    }

    void mergesGoByScore() {
        const auto model = tokenizerFromSentencePiece(pieces() + piece("ba", 0.5F) + bpe(), "x");
        QVERIFY(model);
        QCOMPARE(writeJsonLine(model->tokenizer["model"]["merges"]), std::string(R"([["b","a"],["a","b"]])"));
        QCOMPARE(model->tokenizer["added_tokens"].size(), std::size_t{2});
    }

    void damagedFilesAreRefusedByName() {
        const std::string good = pieces() + bpe();
        QVERIFY(tokenizerFromSentencePiece(good, "x"));
        struct Case {
            const char* name;
            std::string bytes;
            ErrorCode code;
            std::string named;
        };
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const std::vector<Case> cases{
            {"empty", "", codes::kTokenizerKind, "model type 1"},
            {"cut within a length", good + "\x0A", codes::kTokenizerShape,
             "byte " + std::to_string(good.size() + 1)},
            {"length beyond the end", good + "\x0A\x05" + "abc", codes::kTokenizerShape, "beyond the end"},
            {"length of 2^63", good + "\x0A" + varint(1ULL << 63), codes::kTokenizerShape, "beyond the end"},
            {"number of eleven bytes", good + "\x20" + std::string(11, '\xFF'), codes::kTokenizerShape,
             "without an end"},
            {"number cut", good + "\x20\xFF", codes::kTokenizerShape, "without an end"},
            {"group", good + "\x0B", codes::kTokenizerShape, "not read"},
            {"field 0", good + std::string("\x02\x00", 2), codes::kTokenizerShape, "no field"},
            {"fixed cut", good + "\x25\x01", codes::kTokenizerShape, "without an end"},
            {"damage within a piece", good + message(1, "\x0A\x7F"), codes::kTokenizerShape,
             "beyond the end"},
            {"empty piece", good + piece("", 0), codes::kMergeShape, "piece 5 has 0 bytes"},
            {"huge piece", good + piece(std::string(2000, 'a'), 0), codes::kMergeShape, "2000 bytes"},
            {"no UTF-8", good + piece("\xFF", 0), codes::kMergeShape, "no UTF-8"},
            {"no score", good + piece("c", nan), codes::kMergeShape, "score"},
            {"piece twice", good + piece("ab", -9), codes::kTokenTwice, "\"ab\" has the ids 2 and 5"},
            {"no unknown piece", piece("a", 0) + bpe(), codes::kSpecialToken, "found 0 unknown"},
            {"two unknown pieces", good + piece("<u>", 0, kUnknown), codes::kSpecialToken, "found 2 unknown"},
            {"unused piece", good + piece("c", 0, kUnused), codes::kTokenizerKind, "type 5"},
            {"type out of range", good + piece("c", 0, 99), codes::kTokenizerKind, "type 99"},
            {"unigram", pieces() + message(2, number(3, 1)), codes::kTokenizerKind, "model type 1"},
            {"blank as suffix", good + message(2, number(24, 1)), codes::kTokenizerKind,
             "at the end of pieces"},
            {"table", good + message(3, message(2, "abc")), codes::kTokenizerKind, "table"},
            {"blanks not escaped", good + message(3, number(5, 0)), codes::kTokenizerKind, "escaped"}};
        for (const Case& c : cases) {
            const auto refused = tokenizerFromSentencePiece(c.bytes, "folder/tokenizer.model");
            QVERIFY2(!refused, c.name);
            const std::string& text = refused.error().message;
            QVERIFY2(refused.error().code == c.code, (c.name + (": " + text)).c_str());
            QVERIFY2(text.find(c.named) != std::string::npos, (c.name + (": " + text)).c_str());
            QVERIFY2(text.starts_with("folder/tokenizer.model: "), text.c_str());
        }
    }

    void everyBeginningOfAFileIsReadOrRefused() {
        const std::string whole = *readFile(kData + "bare/tokenizer.model", 1 << 20);
        for (std::size_t size = 0; size < whole.size(); size += 7) {
            const auto cut = tokenizerFromSentencePiece(std::string_view(whole).substr(0, size), "x");
            QVERIFY(!cut || cut->size > 0);
        }
    }

    void whatIsNoSentencePieceIsToldApart() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "tokenizer.model", "IQ== 0\n"));
        const auto refused = Tokenizer::load(folder.path());
        QVERIFY(refused.error().code == codes::kTokenizerKind);
        QVERIFY(refused.error().message.find("expected tokenizer.json") != std::string::npos);
        QVERIFY(writeFileAtomically(systemFiles(), folder / "tokenizer.model", pieces() + bpe()));
        QVERIFY(Tokenizer::load(folder.path())->encode("ab", SpecialTokens::AsText) == (Ids{0, 2}));
    }
};

QTEST_GUILESS_MAIN(TestSentencePiece)
#include "test_sentencepiece.moc"
