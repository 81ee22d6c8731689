// What ends an answer, for every family of the catalogue and the formats beside it.
#include <span>

#include <QTest>

#include "core/file_layer.h"
#include "core/json.h"
#include "support/temporary_folder.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::text;
using Texts = std::vector<std::string>;

namespace {

/// A model's files: special tokens, whose ids follow each other from 3, and what the files say of them.
struct Files {
    const char* name;
    Texts specials;
    const char* generation; ///< generation_config.json; empty: none
    const char* config;
    const char* tokenizerConfig;
    const char* chatTemplate; ///< a name
    Texts expected;
};

const Texts kLlama3{"<|begin_of_text|>", "<|end_of_text|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"};
const Texts kLlama30{"<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_4|>", "<|eot_id|>"};
const Texts kChatMl{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
const Texts kSentencePiece{"<s>", "</s>"};

std::span<const Files> models() {
    static const Files all[]{
        {"llama 3.1, 3.2 and 3.3 instruct",
         kLlama3,
         R"({"eos_token_id":[4,5,6]})",
         R"({"eos_token_id":[4,5,6]})",
         R"({"eos_token":"<|eot_id|>"})",
         "llama3",
         {"<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"}},
        {"llama 3.2 whose generation_config.json was lost",
         kLlama3,
         "",
         R"({"eos_token_id":4})",
         R"({"eos_token":"<|end_of_text|>"})",
         "llama3.2",
         {"<|end_of_text|>", "<|eot_id|>", "<|eom_id|>"}},
        {"llama 3.0 instruct as it first came",
         kLlama30,
         R"({"eos_token_id":4})",
         R"({"eos_token_id":4})",
         R"({"eos_token":"<|end_of_text|>"})",
         "llama3.0",
         {"<|end_of_text|>", "<|eot_id|>"}},
        {"llama 3 base",
         kLlama3,
         R"({"eos_token_id":4})",
         R"({"eos_token_id":4})",
         R"({"eos_token":"<|end_of_text|>"})",
         "plain",
         {"<|end_of_text|>"}},
        {"smollm2 instruct",
         kChatMl,
         R"({"eos_token_id":5})",
         R"({"eos_token_id":5})",
         R"({"eos_token":"<|im_end|>"})",
         "smollm2",
         {"<|im_end|>"}},
        {"smollm2 base that talks",
         kChatMl,
         R"({"eos_token_id":3})",
         R"({"eos_token_id":3})",
         R"({"eos_token":"<|endoftext|>"})",
         "chatml",
         {"<|endoftext|>", "<|im_end|>"}},
        {"llama 2 chat",
         kSentencePiece,
         R"({"eos_token_id":4})",
         R"({"eos_token_id":4})",
         R"({"eos_token":{"content":"</s>"}})",
         "llama2",
         {"</s>"}},
        {"tinyllama chat",
         kSentencePiece,
         "",
         R"({"eos_token_id":4})",
         R"({"eos_token":"</s>"})",
         "zephyr",
         {"</s>"}},
        {"alpaca on a base model", kSentencePiece, "", "{}", R"({"eos_token":"</s>"})", "alpaca", {"</s>"}},
    };
    return all;
}

Json tokenizerJson(const Texts& specials) {
    Json json = *parseJson(R"({"added_tokens":[],"normalizer":null,"post_processor":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2},"merges":[]}})",
                           "small");
    int id = 3;
    for (const std::string& text : specials)
        json["added_tokens"].push_back({{"id", id++}, {"content", text}, {"special", true}});
    return json;
}

} // namespace

class TestStopTokens final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersEndWhereTheModelsFilesOrItsTemplateSay_data() {
        QTest::addColumn<std::size_t>("row");
        for (std::size_t i = 0; i < models().size(); ++i)
            QTest::newRow(models()[i].name) << i;
    }

    void answersEndWhereTheModelsFilesOrItsTemplateSay() {
        QFETCH(const std::size_t, row);
        const Files& files = models()[row];
        const TemporaryFolder folder;
        const auto put = [&](const char* name, const std::string& text) {
            QVERIFY(text.empty() || writeFileAtomically(systemFiles(), folder / name, text));
        };
        put("tokenizer.json", writeJson(tokenizerJson(files.specials)));
        put("generation_config.json", files.generation);
        put("config.json", files.config);
        put("tokenizer_config.json", files.tokenizerConfig);
        const auto tokenizer = Tokenizer::load(folder.path());
        const auto chat = ChatTemplate::load(folder.path(), files.chatTemplate);
        QVERIFY(tokenizer && chat);
        const Tokenizer stopping = tokenizer->endingAlsoWith(chat->answerEnds());
        Texts found;
        for (const std::int32_t id : stopping.endTokens()) {
            const std::vector<std::int32_t> one{id};
            found.push_back(*stopping.decode(one, false));
        }
        QCOMPARE(found, files.expected);
    }
};

QTEST_GUILESS_MAIN(TestStopTokens)
#include "test_stop_tokens.moc"
