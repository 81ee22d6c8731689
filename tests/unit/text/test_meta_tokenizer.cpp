// Meta's tokenizer.model becomes a tokenizer.json that gives tiktoken's ids; damaged ones are refused by
// line.
#include <QtTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/meta/meta_tokenizer.h"
#include "formats/tokenizer/rank_table.h"
#include "support/temporary_folder.h"
#include "text/template/template_table.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path data(const char* name) {
    return fs::path(LLAMAHOME_TEST_DATA) / "text" / "meta_ranks" / name;
}

ModelConfig configOf(std::int64_t vocabulary, bool isLater) {
    ModelConfig config;
    config.vocab_size = vocabulary;
    config.max_position_embeddings = 8192;
    if (isLater) config.rope_scaling = RopeScaling{};
    return config;
}

/// The tokenizer of the fixture, read by the class that reads any model's.
struct Converted {
    HubTokenizer files;
    std::optional<text::Tokenizer> tokenizer;
};

Converted convert(const MetaVariant& variant, bool isLater = true) {
    Converted result;
    const auto files = tokenizerFromMeta(data("tokenizer.model"), configOf(4096, isLater), variant);
    if (!files) {
        qWarning("%s", files.error().message.c_str());
        return result;
    }
    result.files = *files;
    auto read = text::Tokenizer::parse(files->tokenizer, "tokenizer.json");
    if (!read) qWarning("%s", read.error().message.c_str());
    if (read) result.tokenizer = *read;
    return result;
}

Error errorOf(const std::string& content) {
    const TemporaryFolder folder;
    if (!writeFileAtomically(systemFiles(), folder / "tokenizer.model", content)) return {};
    const auto ranks = readRankTable(folder / "tokenizer.model");
    return ranks ? Error{{"none", ErrorClass::Failed}, "was accepted"} : ranks.error();
}

std::string tokenizerText() {
    const auto text = readFile(data("tokenizer.model"));
    return text ? *text : std::string();
}

} // namespace

class TestMetaTokenizer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void specialTokensBearTheNamesOfTheirGeneration() {
        const Converted later = convert({.isInstruct = true});
        const Converted first = convert({.isInstruct = true}, false);
        const Converted pictures = convert({.isInstruct = true, .hasPictures = true});
        QVERIFY(later.tokenizer && first.tokenizer && pictures.tokenizer);
        const auto ranks = readRankTable(data("tokenizer.model"));
        QVERIFY(ranks);
        const auto base = static_cast<std::int32_t>(ranks->size());
        QCOMPARE(later.tokenizer->vocabSize(), ranks->size() + 256);
        const auto place = [&](const Converted& one, const char* name) {
            return one.tokenizer->idOf(name).value_or(-1) - base;
        };
        for (const Converted* one : {&later, &first, &pictures}) {
            QCOMPARE(place(*one, "<|begin_of_text|>"), 0);
            QCOMPARE(place(*one, "<|end_of_text|>"), 1);
            QCOMPARE(place(*one, "<|start_header_id|>"), 6);
            QCOMPARE(place(*one, "<|end_header_id|>"), 7);
            QCOMPARE(place(*one, "<|eot_id|>"), 9);
            QVERIFY(one->tokenizer->isSpecial(base + 255));
        }
        QCOMPARE(place(later, "<|finetune_right_pad_id|>"), 4);
        QCOMPARE(place(later, "<|reserved_special_token_2|>"), 5);
        QCOMPARE(place(later, "<|eom_id|>"), 8);
        QCOMPARE(place(later, "<|python_tag|>"), 10);
        QCOMPARE(place(later, "<|reserved_special_token_247|>"), 255);
        QCOMPARE(place(first, "<|reserved_special_token_4|>"), 8);
        QCOMPARE(place(first, "<|reserved_special_token_250|>"), 255);
        QCOMPARE(place(pictures, "<|step_id|>"), 5);
        QCOMPARE(place(pictures, "<|reserved_special_token_246|>"), 255);
    }

    void anInstructModelEndsItsTurnsAndABaseModelItsText() {
        const Converted instruct = convert({.isInstruct = true});
        const Converted base = convert({});
        const auto first = static_cast<std::int64_t>(instruct.tokenizer->vocabSize()) - 256;
        QVERIFY((instruct.files.endTokens == std::vector<std::int64_t>{first + 1, first + 8, first + 9}));
        QVERIFY((base.files.endTokens == std::vector<std::int64_t>{first + 1}));
        QCOMPARE(instruct.files.config["eos_token"].get<std::string>(), std::string("<|eot_id|>"));
        QCOMPARE(base.files.config["eos_token"].get<std::string>(), std::string("<|end_of_text|>"));
        QVERIFY(!base.files.config.contains("chat_template"));
        QVERIFY(instruct.tokenizer->prefixTokens() ==
                std::vector<std::int32_t>{static_cast<std::int32_t>(first)});
    }

    void theDialogueIsThatOfLlama3() {
        const Converted converted = convert({.isInstruct = true});
        const auto style = text::recogniseStyle(converted.files.config["chat_template"].get<std::string>());
        QVERIFY(style);
        QCOMPARE(style->name, std::string("llama3.0"));
    }

    void ranksThatAreNoneAreRefused_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("words");
        const std::string good = tokenizerText();
        const auto add = [](const char* name, const std::string& content, const char* code,
                            const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(content) << code << words;
        };
        add("SentencePiece", "\n\x0e\n\x05<unk>", "TK-12", "SentencePiece");
        add("TK-20 no blank", "IQ==0\n", "TK-13", "line 1");
        add("TK-20 no base64", "I?== 0\n", "TK-13", "expected base64");
        add("TK-20 padding in the middle", "I==Q 0\n", "TK-13", "expected base64");
        add("TK-20 short base64", "IQ= 0\n", "TK-13", "expected base64");
        add("TK-20 rank no number", "IQ== x\n", "TK-13", "the rank \"x\"");
        add("TK-20 rank negative", "IQ== -1\n", "TK-13", "the rank \"-1\"");
        add("TK-20 rank in hex", "IQ== 0x0\n", "TK-13", "the rank \"0x0\"");
        add("TK-21 rank left out", good + "YWJjZGVmZ2hpams= 9999\n", "TK-13", "expected ");
        add("TK-21 token twice", good.substr(0, good.find('\n') + 1) + "IQ== 1\n", "TK-13",
            "of line 1 again");
        add("TK-22 single byte missing", good.substr(0, good.find("\n", 300)) + "\n", "TK-13",
            "no token for the single");
        add(
            "token of 2000 bytes",
            [] {
                std::string text;
                for (int i = 0; i < 500; ++i)
                    text += "QUFB";
                return text + " 0\n";
            }(),
            "TK-13", "1500 bytes");
        add("a web page", "<!doctype html><html>\n", "TK-13", "line 1");
    }
    void ranksThatAreNoneAreRefused() {
        QFETCH(const QByteArray, content);
        QFETCH(const QString, code);
        QFETCH(const QString, words);
        const Error error = errorOf(content.toStdString());
        QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
        QVERIFY2(QString::fromStdString(error.message).contains(words), error.message.c_str());
    }

    void aTokenizerThatIsTooLargeForItsModelIsRefused() {
        const auto files = tokenizerFromMeta(data("tokenizer.model"), configOf(300, true), {});
        QVERIFY(!files && files.error().code == codes::kRankTable);
        QVERIFY(files.error().message.find("the embedding has 300 rows") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestMetaTokenizer)
#include "test_meta_tokenizer.moc"
