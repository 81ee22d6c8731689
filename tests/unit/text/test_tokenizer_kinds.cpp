#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "text/tokenizer/stream_decoder.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using text::SpecialTokens;
using text::Tokenizer;
using Ids = std::vector<std::int32_t>;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/kinds/";

Json fixture(const std::string& name) {
    return *readJsonFile(kData + name + ".json");
}

Tokenizer tokenizer(const std::string& name) {
    return *Tokenizer::parse(fixture(name), name);
}

std::string streamed(const Tokenizer& t, const Ids& ids) {
    text::StreamDecoder decoder(t, false);
    std::string all;
    for (const std::int32_t id : ids)
        all += *decoder.feed(id);
    return all + decoder.flush();
}

/// Tokens of characters: one a spelling, ids in order.
Json characters(const std::vector<std::string>& vocabulary) {
    Json json = *parseJson(R"({"added_tokens":[],"normalizer":null,"post_processor":null,
        "decoder":{"type":"Sequence","decoders":[
            {"type":"Replace","pattern":{"String":"_"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
            {"type":"Strip","content":" ","start":1,"stop":0}]},
        "pre_tokenizer":{"type":"Metaspace","replacement":"_"},
        "model":{"type":"BPE","vocab":{},"merges":[]}})",
                           "characters");
    int id = 0;
    for (const std::string& spelling : vocabulary)
        json["model"]["vocab"][spelling] = id++;
    return json;
}

Ids idsOf(const Json& json, std::string_view text) {
    return Tokenizer::parse(json, "x")->encode(text, SpecialTokens::Recognised);
}

} // namespace

class TestTokenizerKinds final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stepsThatMakeATextGrowWithoutBoundAreRefused() {
        Json replace = *parseJson(R"({"type":"Replace","pattern":{"String":"a"},"content":""})", "step");
        replace["content"] = std::string(20, 'a');
        Json json = characters({"a", "b"});
        json["normalizer"] = Json{{"type", "Sequence"}, {"normalizers", Json::array({replace, replace})}};
        QVERIFY(Tokenizer::parse(json, "x"));
        json["normalizer"]["normalizers"].push_back(replace);
        const auto normaliser = Tokenizer::parse(json, "x");
        QVERIFY(!normaliser && normaliser.error().code == codes::kTokenizerLimit);
        json["normalizer"] = nullptr;
        json["decoder"]["decoders"] = Json::array({replace, replace, replace});
        const auto decoder = Tokenizer::parse(json, "x");
        QVERIFY(!decoder && decoder.error().code == codes::kTokenizerLimit);
    }

    void oldAndNewFieldsOfMetaspaceMeanTheSame() {
        Json json = characters({"_", "a", "_a"});
        json["model"]["merges"] = {"_ a"};
        const auto with = [&](const Json& fields) {
            Json changed = json;
            changed["pre_tokenizer"].update(fields);
            return idsOf(changed, "a a");
        };
        const Ids prepended{2, 2};
        const Ids asItIs{1, 2};
        QVERIFY(with(Json::object()) == prepended);
        QVERIFY(with({{"add_prefix_space", true}}) == prepended);
        QVERIFY(with({{"add_prefix_space", false}}) == asItIs);
        QVERIFY(with({{"prepend_scheme", "always"}}) == prepended);
        QVERIFY(with({{"prepend_scheme", "first"}}) == prepended);
        QVERIFY(with({{"prepend_scheme", "never"}}) == asItIs);
    }

    void theFirstOfAConversationAloneIsPrepended() {
        Json json = characters({"_", "a", "<s>"});
        json["pre_tokenizer"]["prepend_scheme"] = "first";
        json["added_tokens"].push_back({{"id", 2}, {"content", "<s>"}, {"special", true}});
        QVERIFY(idsOf(json, "a<s>a") == (Ids{0, 1, 2, 1}));
        QVERIFY(idsOf(json, "<s>a") == (Ids{2, 1}));
        json["pre_tokenizer"]["prepend_scheme"] = "always";
        QVERIFY(idsOf(json, "<s>a") == (Ids{2, 0, 1}));
    }

    void tokensOfRewrittenTextBelongToTheirSpan() {
        const Tokenizer t = tokenizer("legacy");
        const std::vector<text::TextSpan> spans{{"<s>[INST] ", SpecialTokens::Recognised},
                                                {"A question </s>", SpecialTokens::AsText},
                                                {" [/INST]", SpecialTokens::Recognised},
                                                {"An answer", SpecialTokens::AsText},
                                                {"</s>", SpecialTokens::Recognised}};
        std::vector<Ids> ids(spans.size());
        for (const auto& token : t.encodeSpans(spans))
            ids[token.span].push_back(token.id);
        QCOMPARE(ids[0].front(), 1);
        QCOMPARE(std::count(ids[1].begin(), ids[1].end(), 2), 0);
        QCOMPARE(*t.decode(ids[3], false), std::string("An answer"));
        QCOMPARE(ids[4], Ids{2});
    }

    void aByteWithoutATokenLeavesItsCharacterUnknown() {
        Json json = characters({"_", "a", "<0xC3>", "?"});
        json["model"]["byte_fallback"] = true;
        json["model"]["unk_token"] = "?";
        QVERIFY(idsOf(json, "a\xC3\xA9") == (Ids{0, 1, 3}));
        json["model"]["vocab"]["<0xA9>"] = 4;
        QVERIFY(idsOf(json, "a\xC3\xA9") == (Ids{0, 1, 2, 4}));
        QVERIFY(Tokenizer::parse(json, "x")->notices().front().starts_with("254 of 256"));
    }

    /// The reference makes U+FFFD of every byte of the run, the valid character too.
    void bytesThatAreNoCharacterLeaveTheirNeighboursAlone() {
        Json json = characters({"<0xC3>", "<0xA9>", "a", "_"});
        json["model"]["byte_fallback"] = true;
        const auto t = Tokenizer::parse(json, "x");
        const Ids ids{2, 0, 1, 0, 2, 0};
        QCOMPARE(*t->decode(ids, false), std::string("a\xC3\xA9\xEF\xBF\xBD"
                                                     "a\xEF\xBF\xBD"));
        QCOMPARE(streamed(*t, ids), *t->decode(ids, false));
        text::StreamDecoder decoder(*t);
        QCOMPARE(*decoder.feed(0), std::string());
        QCOMPARE(*decoder.feed(1), std::string("\xC3\xA9"));
    }

    void theBlankAtTheBeginningIsStrippedOnce() {
        const auto t = Tokenizer::parse(characters({"_", "a"}), "x");
        QCOMPARE(*t->decode(Ids{0, 0, 1}, false), std::string(" a"));
        QCOMPARE(streamed(*t, {0, 0, 1}), std::string(" a"));
        QCOMPARE(*t->decode(Ids{1, 0}, false), std::string("a "));
        QCOMPARE(t->tokenBytes(0), std::string(" "));
        text::StreamDecoder decoder(*t);
        for (int i = 0; i < 2; ++i) {
            QCOMPARE(*decoder.feed(0), std::string());
            QCOMPARE(*decoder.feed(0), std::string(" "));
            QCOMPARE(decoder.flush(), std::string());
        }
    }

    void neighboursOfADroppedCharacterMerge() {
        Json json = characters({"_", "a", "b", "ab"});
        json["model"]["merges"] = {"a b"};
        QVERIFY(idsOf(json, "a?b") == (Ids{0, 3}));
        json["model"]["vocab"]["<unk>"] = 4;
        json["model"]["unk_token"] = "<unk>";
        QVERIFY(idsOf(json, "a?b ab") == (Ids{0, 1, 4, 2, 0, 3}));
    }

    void mergesGoOverBlanksWhereTheyAreLearned() {
        Json json = characters({"_", "a", "b", "a_", "a_b", "_a", "_a_b"});
        json["model"]["unk_token"] = "b";
        json["pre_tokenizer"]["split"] = false;
        json["model"]["merges"] = {"a _", "a_ b", "_ a_b"};
        QVERIFY(idsOf(json, "a b a a b") == (Ids{6, 0, 3, 4}));
    }

    void hostileTextIsEncodedInOnePiece() {
        const Tokenizer t = tokenizer("legacy");
        for (const std::string unit : {"a", " ", "\xF0\x9F\x99\x82"}) {
            std::string text;
            while (text.size() < 200'000)
                text += unit;
            QCOMPARE(*t.decode(t.encode(text, SpecialTokens::AsText), false), text);
        }
    }
};

QTEST_GUILESS_MAIN(TestTokenizerKinds)
#include "test_tokenizer_kinds.moc"
