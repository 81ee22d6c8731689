// What normal forms do to long runs, to growth and to the places in a text; equality with the reference is
// test_token_parity's.
#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "text/tokenizer/normaliser.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::text;

namespace {

std::string repeated(std::string_view unit, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += unit;
    return text;
}

Json sequence(const std::vector<std::string>& kinds) {
    Json steps = Json::array();
    for (const std::string& kind : kinds)
        steps.push_back(Json{{"type", kind}});
    return Json{{"type", "Sequence"}, {"normalizers", steps}};
}

std::string normalised(const std::vector<std::string>& kinds, std::string_view text) {
    const auto normaliser = Normaliser::parse(sequence(kinds), "x");
    return normaliser ? normaliser->apply(text) : normaliser.error().message;
}

} // namespace

class TestNormalForms final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// An ordering that walks would take hours here.
    void aLongRunOfMarksIsPutInOrder() {
        const std::size_t count = 200'000;
        const std::string above = "\xCC\x81";
        const std::string below = "\xCC\xA3";
        const std::string sorted = "q" + repeated(below, count) + repeated(above, count);
        QVERIFY(normalised({"NFD"}, "q" + repeated(above + below, count)) == sorted);
        QVERIFY(normalised({"NFC"}, "q" + repeated(above + below, count)) == sorted);
    }

    void charactersJoinAcrossWhatWasWrittenApart() {
        QCOMPARE(normalised({"NFC"}, "e\xCC\x81"), std::string("\xC3\xA9"));
        QCOMPARE(normalised({"NFKC"}, "\xEF\xBD\xB6\xEF\xBE\x9E"), std::string("\xE3\x82\xAC"));
        QCOMPARE(normalised({"NFD"}, "\xEA\xB0\x81"), std::string("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"));
        QCOMPARE(normalised({"NFD", "StripAccents", "Lowercase"}, "\xC3\x89T\xC3\x89"), std::string("ete"));
        QCOMPARE(normalised({"Nmt"}, "a\x01"
                                     "b\tc\xE2\x80\x8B"),
                 std::string("ab c "));
    }

    void noFormGrowsAboveItsBound() {
        const std::string text = repeated("\xEF\xB7\xBA", 1000);
        QCOMPARE(normalised({"NFKD"}, text).size(), 11 * text.size());
        QVERIFY(Normaliser::parse(sequence({"NFKD", "NFKC", "NFKD"}), "x"));
        const auto more = Normaliser::parse(sequence({"NFKD", "NFKC", "NFKD", "NFKC"}), "x");
        QVERIFY(!more && more.error().code == codes::kTokenizerLimit);
    }

    void tokensOfJoinedCharactersBelongToTheSpanThatTheyBeginIn() {
        const auto json = readJsonFile(LLAMAHOME_TEST_DATA "/text/kinds/composed.json");
        QVERIFY(json);
        const auto tokenizer = Tokenizer::parse(*json, "composed");
        QVERIFY(tokenizer);
        const std::vector<TextSpan> spans{{"<s>e", SpecialTokens::Recognised},
                                          {"\xCC\x81</s>, \xE1\x84\x80\xE1\x85\xA1", SpecialTokens::AsText},
                                          {"</s>", SpecialTokens::Recognised}};
        std::vector<std::int32_t> all;
        std::vector<std::vector<std::int32_t>> ids(spans.size());
        for (const SpanToken& token : tokenizer->encodeSpans(spans)) {
            ids[token.span].push_back(token.id);
            all.push_back(token.id);
        }
        const std::int32_t end = *tokenizer->idOf("</s>");
        QCOMPARE(ids[2], std::vector{end});
        QCOMPARE(std::count(ids[1].begin(), ids[1].end(), end), 0);
        QCOMPARE(*tokenizer->decode(all, true), std::string("\xC3\xA9</s>, \xEA\xB0\x80"));
    }
};

QTEST_GUILESS_MAIN(TestNormalForms)
#include "test_normal_forms.moc"
