#include <QTest>

#include "core/error_codes.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "text/data/csv_record.h"
#include "text/tokenizer/bpe_model.h"
#include "text/tokenizer/char_class.h"
#include "text/tokenizer/merge_table.h"
#include "text/tokenizer/piece_scanner.h"
#include "text/tokenizer/split_pattern.h"
#include "text/tokenizer/token_table.h"

using namespace llamahome;
using namespace llamahome::text;

namespace {

using PieceEnd = std::size_t (*)(std::string_view, std::size_t);

std::vector<std::string> scan(PieceEnd pieceEnd, std::string_view text) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = pieceEnd(text, at);
        pieces.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return pieces;
}

using Pieces = std::vector<std::string>;

} // namespace

class TestTextParts final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theByteAlphabetIsItsOwnInverse() {
        std::string all;
        for (int byte = 0; byte < 256; ++byte)
            all.push_back(static_cast<char>(byte));
        QCOMPARE(formats::bytesOfSpelling(formats::spellingOfBytes(all)).value_or(""), all);
        QCOMPARE(formats::spellingOfBytes(" a\n"), std::string("\xC4\xA0"
                                                               "a\xC4\x8A"));
        QVERIFY(!formats::bytesOfSpelling("a b"));
        QVERIFY(!formats::bytesOfSpelling("\xE2\x96\x81"));
    }

    void blanksAreTheReferencesBlanks() {
        for (const char32_t blank : {0x20, 0x9, 0xD, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x3000})
            QVERIFY(classOf(blank) == CharClass::Space);
        for (const char32_t other : {0x180E, 0x200B, 0xFEFF, 0x1C, 0x1F, 0x301, 0x10FFFF})
            QVERIFY(classOf(other) == CharClass::Other);
        QVERIFY(classOf(0xBD) == CharClass::Number);
        QVERIFY(classOf(0x1C89) == CharClass::Letter); // of Unicode 16
        QVERIFY(isDigitsNumeric(0x11DE0) && classOf(0x11DE0) != CharClass::Number);
    }

    void llama3CutsAsItsPatternSays() {
        QCOMPARE(scan(llama3PieceEnd, "we'LL go"), (Pieces{"we", "'LL", " go"}));
        QCOMPARE(scan(llama3PieceEnd, "a'\xC5\xBF"
                                      "b"),
                 (Pieces{"a", "'\xC5\xBF", "b"}));
        QCOMPARE(scan(llama3PieceEnd, "12345"), (Pieces{"123", "45"}));
        QCOMPARE(scan(llama3PieceEnd, "x   \n\n  y"), (Pieces{"x", "   \n\n", " ", " y"}));
        QCOMPARE(scan(llama3PieceEnd, "end.\r\n!"), (Pieces{"end", ".\r\n", "!"}));
        QCOMPARE(scan(llama3PieceEnd, "   "), (Pieces{"   "}));
    }

    void gpt2CutsAsItsPatternSays() {
        QCOMPARE(scan(gpt2PieceEnd, "we'll I'M"), (Pieces{"we", "'ll", " I", "'", "M"}));
        QCOMPARE(scan(gpt2PieceEnd, "a  12b"), (Pieces{"a", " ", " 12", "b"}));
        QCOMPARE(scan(gpt2PieceEnd, "x \n y"), (Pieces{"x", " \n", " y"}));
    }

    void patternsOfDoubtfulMeaningAreRefusedByName() {
        for (const auto& [pattern, named] :
             std::vector<std::pair<std::string, std::string>>{{R"(\h+)", "\\h"},
                                                              {R"([a&&b])", "nested"},
                                                              {R"(a{2}+)", "}+"},
                                                              {"(?m:a)", "(?m"},
                                                              {R"([\S])", "S"}}) {
            const auto compiled = SplitPattern::compile(pattern);
            QVERIFY2(!compiled, pattern.c_str());
            QVERIFY(compiled.error().code == codes::kTokenizerPattern);
            QVERIFY2(compiled.error().message.find(named) != std::string::npos,
                     compiled.error().message.c_str());
        }
        QVERIFY(SplitPattern::compile("(a").error().message.find("compile") != std::string::npos);
        QVERIFY(SplitPattern::compile(R"(\p{L}+|[^\s\p{N}]++)"));
    }

    void aPatternThatBackTracksWithoutEndMatchesNothing() {
        const auto pattern = SplitPattern::compile("(?:a+)+b");
        QVERIFY(pattern);
        QVERIFY(!pattern->find(std::string(60, 'a'), 0));
        QVERIFY(pattern->find("aab", 0));
    }

    void fieldsOfATableThatNoTableHasAreCountedOnly() {
        CsvRecord record(',', 3);
        QVERIFY(record.feed("a,b,c,d," + std::string(1000, ',')));
        QCOMPARE(record.fields(), (std::vector<std::string>{"a", "b", "c"}));
        QCOMPARE(record.fieldCount(), std::size_t{1005});
    }

    void tokenTableFindsWhatWasAdded() {
        TokenTable table;
        table.reserve(3, 16, 10);
        QVERIFY(!table.add(7, "abc"));
        QVERIFY(!table.add(2, "longer than eight bytes"));
        QCOMPARE(table.add(3, "abc").value_or(-1), 7);
        QCOMPARE(table.find("abc"), 7);
        QCOMPARE(table.find("longer than eight bytes"), 2);
        QCOMPARE(table.find("ab"), -1);
        QCOMPARE(table.bytesOf(2), std::string_view("longer than eight bytes"));
        QVERIFY(table.bytesOf(5).empty() && table.bytesOf(-1).empty() && table.bytesOf(99).empty());
        QCOMPARE(TokenTable().find("x"), -1);
    }

    void mergesOutOfOrderOfAVeryLongPieceTakeRoomInProportion() {
        // Every merge of a and b makes room for the earlier one of ab and ab.
        const Json json{{"type", "BPE"},
                        {"vocab", {{"a", 0}, {"b", 1}, {"ab", 2}, {"abab", 3}, {"c", 4}}},
                        {"merges", Json::array({"ab ab", "a b"})}};
        for (const Spelling spelling : {Spelling::ByteAlphabet, Spelling::Text}) {
            const auto model = BpeModel::parse(json, spelling, "tokenizer.json");
            QVERIFY2(model, model ? "" : model.error().message.c_str());
            BpeScratch scratch;
            const std::size_t pairs = 6001; // of an odd number one is left
            for (int round = 0; round < 2; ++round) {
                std::string text(2 * pairs, 'a');
                for (std::size_t i = 1; i < text.size(); i += 2)
                    text[i] = 'b';
                std::vector<PieceToken> tokens;
                model->encode(text, scratch, tokens);
                QCOMPARE(tokens.size(), pairs / 2 + 1);
                for (std::size_t i = 0; i + 1 < tokens.size(); ++i)
                    QVERIFY(tokens[i].id == 3 && tokens[i].bytes == 4);
                QVERIFY(tokens.back().id == 2 && tokens.back().bytes == 2);
                QVERIFY2(scratch.waiting.size() < 12 * text.size(),
                         std::to_string(scratch.waiting.size()).c_str());
            }
        }
    }

    void mergeTableKeepsTheFirstOfAPair() {
        MergeTable table;
        table.reserve(2);
        QVERIFY(table.add(1, 2, {5, 9}));
        QVERIFY(!table.add(1, 2, {6, 10}));
        QCOMPARE(table.find(1, 2).result, 9);
        QVERIFY(!table.find(2, 1));
        QVERIFY(!MergeTable().find(0, 0));
    }
};

QTEST_GUILESS_MAIN(TestTextParts)
#include "test_text_parts.moc"
