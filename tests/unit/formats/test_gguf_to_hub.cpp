// The import of a GGUF: an ordinary Hub folder with the reference's weights, or nothing.
#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/gguf/gguf_to_hub.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "gguf_bytes.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr std::uint32_t kF32 = 0;

/// A one-layer Llama of width 4 with two heads and `vocabulary`; every weight is zero. Changes are made
/// through `skip`, a metadata key or tensor to leave out.
GgufBytes tinyModel(const std::vector<std::string>& vocabulary, const std::vector<std::int32_t>& types,
                    const std::vector<std::string>& merges, const std::string& pre,
                    const std::string& skip = "") {
    GgufBytes file;
    const auto number = [&](const char* key, std::uint32_t value) {
        if (skip != key) file.number(key, value);
    };
    file.text("general.architecture", "llama")
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", pre);
    number("llama.context_length", 64);
    number("llama.embedding_length", 4);
    number("llama.block_count", 1);
    number("llama.feed_forward_length", 8);
    number("llama.attention.head_count", 2);
    number("llama.attention.head_count_kv", 1);
    number("tokenizer.ggml.eos_token_id", 0);
    file.texts("tokenizer.ggml.tokens", vocabulary).wholes("tokenizer.ggml.token_type", types);
    file.texts("tokenizer.ggml.merges", merges);
    const std::vector<std::pair<const char*, std::vector<std::uint64_t>>> tensors{
        {"token_embd.weight", {4, vocabulary.size()}},
        {"blk.0.attn_q.weight", {4, 4}},
        {"blk.0.attn_k.weight", {4, 2}},
        {"blk.0.attn_v.weight", {4, 2}},
        {"blk.0.attn_output.weight", {4, 4}},
        {"blk.0.ffn_gate.weight", {4, 8}},
        {"blk.0.ffn_up.weight", {4, 8}},
        {"blk.0.ffn_down.weight", {8, 4}},
        {"blk.0.attn_norm.weight", {4}},
        {"blk.0.ffn_norm.weight", {4}},
        {"output_norm.weight", {4}}};
    for (const auto& [name, sizes] : tensors) {
        if (skip == name) continue;
        file.tensor(name, sizes, kF32, file.data.size());
        file.zeros(sizes[0] * (sizes.size() > 1 ? sizes[1] : 1) * sizeof(float));
        file.zeros((32 - file.data.size() % 32) % 32);
    }
    return file;
}

GgufBytes tinyModel(const std::string& skip = "") {
    return tinyModel({"<end>", "a", "b", "ab"}, {3, 1, 1, 1}, {"a b"}, "gpt-2", skip);
}

Error convertError(const GgufBytes& file, const TemporaryFolder& folder) {
    writeBytes(folder / "model.gguf", file.bytes());
    const auto done = convertGgufToHub(systemFiles(), folder / "model.gguf", folder / "out", {}, {});
    return done ? Error{{"none", ErrorClass::Failed}, "was accepted"} : done.error();
}

} // namespace

class TestGgufToHub final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theWeightsAreTheReferencesByteForByte() {
        const TemporaryFolder folder;
        const auto done = convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder / "out", {}, {});
        QVERIFY2(done, done ? "" : done.error().message.c_str());
        QVERIFY(readBytes(folder / "out/model.safetensors") ==
                readBytes(fixture("tiny_expected.safetensors")));
        QCOMPARE(std::distance(std::filesystem::directory_iterator(folder / "out"), {}), std::ptrdiff_t{6});
    }

    void theConfigurationIsRecoveredRopeScalingIncluded() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder.path(), {}, {}));
        const auto config = readModelConfig(folder / "config.json");
        QVERIFY2(config, config ? "" : config.error().message.c_str());
        QCOMPARE(config->hidden_size, std::int64_t{64});
        QCOMPARE(config->head_dim, std::int64_t{32});
        QCOMPARE(config->num_key_value_heads, std::int64_t{1});
        QCOMPARE(config->vocab_size, std::int64_t{266});
        QCOMPARE(config->rms_norm_eps, 1e-5);
        QCOMPARE(config->rope_theta, 500000.0);
        QVERIFY(config->tie_word_embeddings && config->rope_scaling);
        QCOMPARE(config->rope_scaling->factor, 8.0);
        QCOMPARE(config->torch_dtype, std::string("bfloat16"));
        const auto source = openModelWeights(folder.path());
        QVERIFY(source && checkModelTensors(**source, *config, "out"));
        const Json generation = *readJsonFile(folder / "generation_config.json");
        // llama.cpp stops at <|endoftext|> too, whatever the keys say.
        QVERIFY(generation["eos_token_id"] == Json::array({2, 0}) && generation["bos_token_id"] == 1 &&
                generation["pad_token_id"] == 2);
    }

    void theTokenizerHasTheHubsForm() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder.path(), {}, {}));
        const Json json = *readJsonFile(folder / "tokenizer.json");
        QCOMPARE(json["model"]["vocab"].size(), std::size_t{264}); // without the added token at the end
        QVERIFY(json["model"]["vocab"]["Ġthe"] == 261 && json["model"]["vocab"]["<|im_end|>"] == 2);
        QVERIFY(json["model"]["merges"][2] == "Ġt he" && json["model"]["ignore_merges"] == false);
        QCOMPARE(json["added_tokens"].size(), std::size_t{4});
        QVERIFY(json["added_tokens"][3]["content"] == "<tool>" && json["added_tokens"][3]["id"] == 264);
        QVERIFY(json["added_tokens"][3]["special"] == false && json["added_tokens"][1]["special"] == true);
        const Json& split = json["pre_tokenizer"]["pretokenizers"];
        QVERIFY(split[0]["type"] == "Digits" && split[0]["individual_digits"] == true);
        QVERIFY(split[1]["type"] == "ByteLevel" && split[1]["use_regex"] == true);
        QVERIFY(json["post_processor"].is_null());
        const Json config = *readJsonFile(folder / "tokenizer_config.json");
        QVERIFY(config["bos_token"] == "<|im_start|>" && config["eos_token"] == "<|im_end|>");
        QVERIFY(contains(config["chat_template"].get<std::string>(), "{{ message['content'] }}"));
        QVERIFY(config["model_max_length"] == 512 &&
                config["added_tokens_decoder"]["0"]["content"] == "<|endoftext|>");
        const Json roles = *readJsonFile(folder / "special_tokens_map.json");
        QVERIFY(roles["unk_token"] == "<|endoftext|>" && roles["pad_token"] == "<|im_end|>");
    }

    void aLlamaThreeTokenizerPutsItsFirstTokenAndKnowsItsEndTokens() {
        const TemporaryFolder folder;
        GgufBytes file =
            tinyModel({"a", "b", "ab", "<|begin_of_text|>", "<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"},
                      {1, 1, 1, 3, 3, 3, 3}, {"a b"}, "llama-bpe", "tokenizer.ggml.eos_token_id");
        file.number("tokenizer.ggml.bos_token_id", 3).number("tokenizer.ggml.eos_token_id", 6);
        file.text("tokenizer.chat_template", "x");
        QCOMPARE(convertError(file, folder).message, std::string("was accepted"));
        const Json json = *readJsonFile(folder / "out/tokenizer.json");
        QVERIFY(json["model"]["ignore_merges"] == true);
        QCOMPARE(json["model"]["vocab"].size(), std::size_t{3});
        QVERIFY(json["pre_tokenizer"]["pretokenizers"][0]["type"] == "Split");
        QVERIFY(json["pre_tokenizer"]["pretokenizers"][1]["use_regex"] == false);
        QVERIFY(json["post_processor"]["single"][0]["SpecialToken"]["id"] == "<|begin_of_text|>");
        QVERIFY(json["post_processor"]["special_tokens"]["<|begin_of_text|>"]["ids"] == Json::array({3}));
        QVERIFY((*readJsonFile(folder / "out/generation_config.json"))["eos_token_id"] ==
                Json::array({6, 4, 5}));
        QVERIFY((*readJsonFile(folder / "out/config.json"))["eos_token_id"] == Json::array({6, 4, 5}));
    }

    void everyNameOfAPreTokenizerIsKnown_data() {
        QTest::addColumn<bool>("isLlama3");
        for (const char* name : {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"})
            QTest::newRow(name) << true;
        for (const char* name : {"gpt-2", "phi-2", "smollm", "starcoder"})
            QTest::newRow(name) << false;
    }

    void everyNameOfAPreTokenizerIsKnown() {
        QFETCH(const bool, isLlama3);
        const TemporaryFolder folder;
        GgufBytes file = tinyModel({"<end>", "a", "b", "ab"}, {3, 1, 1, 1}, {"a b"}, QTest::currentDataTag());
        QCOMPARE(convertError(file, folder).message, std::string("was accepted"));
        const Json json = *readJsonFile(folder / "out/tokenizer.json");
        QCOMPARE(json["model"]["ignore_merges"].get<bool>(), isLlama3);
    }

    void aSecondEndIsKnownByItsText() {
        const TemporaryFolder folder;
        GgufBytes file = tinyModel({"a", "b", "ab", "</s>", "<|im_end|>", "<|im_start|>"}, {1, 1, 1, 3, 3, 3},
                                   {"a b"}, "gpt-2", "tokenizer.ggml.eos_token_id");
        file.number("tokenizer.ggml.eos_token_id", 3).text("tokenizer.chat_template", "x");
        QCOMPARE(convertError(file, folder).message, std::string("was accepted"));
        QVERIFY((*readJsonFile(folder / "out/generation_config.json"))["eos_token_id"] ==
                Json::array({3, 4}));
    }

    void rowsOfAHeadAreTakenApartAsTheReferenceSays() { // llama.md 2.3: 0…7 ← 0,2,4,6,1,3,5,7
        std::string rows;
        for (int i = 0; i < 16; ++i)
            rows += std::string(3, static_cast<char>('a' + i));
        deinterleaveHeadRows(std::as_writable_bytes(std::span(rows)), 2, 8);
        QCOMPARE(rows, std::string("aaaccceeegggbbbdddfffhhhiiikkkmmmooojjjlllnnnppp"));
    }

    void whatCannotBeConvertedIsRefusedByNameBeforeAnythingIsWritten_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, const GgufBytes& file, const char* code, const char* says) {
            const std::string bytes = file.bytes();
            QTest::newRow((std::string(code) + " " + name).c_str())
                << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size())) << QByteArray(code)
                << QByteArray(says);
        };
        row("other architecture", GgufBytes().text("general.architecture", "qwen2"), "GG-17", "qwen2");
        row("adapter", GgufBytes().text("general.type", "adapter"), "GG-17", "adapter");
        row("experts", tinyModel().number("llama.expert_count", 8), "GG-17", "experts");
        row("part of a file", tinyModel().number("split.count", 3), "GG-16", "split.tensors.count");
        row("scaled rope", tinyModel().text("llama.rope.scaling.type", "yarn"), "GG-17", "yarn");
        row("partly rotated heads", tinyModel().number("llama.rope.dimension_count", 1), "GG-17", "heads");
        row("unknown pre-tokenizer", tinyModel({"<end>", "a"}, {3, 1}, {}, "deepseek-llm"), "GG-17",
            "deepseek-llm");
        row("no width", tinyModel("llama.embedding_length"), "GG-16", "llama.embedding_length");
        row("no layers", tinyModel("llama.block_count"), "GG-16", "llama.block_count");
        row("no context", tinyModel("llama.context_length"), "GG-16", "llama.context_length");
        row("no embedding", tinyModel("token_embd.weight"), "GG-19", "token_embd.weight");
        row("no query", tinyModel("blk.0.attn_q.weight"), "GG-19", "blk.0.attn_q.weight is missing");
        row("foreign tensor", tinyModel().tensor("blk.0.attn_norm.bias", {4}, kF32, 736).zeros(32), "GG-19",
            "attn_norm.bias");
        row("types of another number", tinyModel({"<end>", "a"}, {3}, {}, "gpt-2"), "GG-18", "1 token types");
        row("byte tokens", tinyModel({"<end>", "a"}, {3, 6}, {}, "gpt-2"), "GG-18", "type 6");
        row("token twice", tinyModel({"<end>", "a", "a"}, {3, 1, 1}, {}, "gpt-2"), "GG-18",
            "token 2 \"a\" is also token 1");
        row("empty token", tinyModel({"<end>", ""}, {3, 1}, {}, "gpt-2"), "GG-18", "token 1");
        row("token not text", tinyModel({"<end>", "\xFF"}, {3, 1}, {}, "gpt-2"), "GG-18", "\\xff");
        row("merge of strangers", tinyModel({"<end>", "a", "b"}, {3, 1, 1}, {"a c"}, "gpt-2"), "GG-18",
            "merge 0 \"a c\"");
        row("merge to a stranger", tinyModel({"<end>", "a", "b"}, {3, 1, 1}, {"a b"}, "gpt-2"), "GG-18",
            "merge 0");
        row("merge of one", tinyModel({"<end>", "a"}, {3, 1}, {"a"}, "gpt-2"), "GG-18", "merge 0");
        row("own end token beyond", tinyModel().wholes("llamahome.end_token_ids", {0, 4}), "GG-18",
            "the end token 4");
        row("end token beyond",
            tinyModel("tokenizer.ggml.eos_token_id").number("tokenizer.ggml.eos_token_id", 4), "GG-18",
            "eos_token_id is 4");
    }
    void whatCannotBeConvertedIsRefusedByNameBeforeAnythingIsWritten() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        writeBytes(folder / "model.gguf", bytes.toStdString());
        const auto done = convertGgufToHub(systemFiles(), folder / "model.gguf", folder / "out", {}, {});
        QVERIFY(!done);
        QVERIFY2(done.error().code.text == code.toStdString(), done.error().message.c_str());
        QVERIFY2(contains(done.error().message, says.toStdString()), done.error().message.c_str());
        QVERIFY(contains(done.error().message, "model.gguf"));
        QVERIFY(!std::filesystem::exists(folder / "out"));
    }

    void theTinyModelItselfIsConverted() {
        const TemporaryFolder folder;
        QCOMPARE(convertError(tinyModel(), folder).message, std::string("was accepted"));
    }

    void progressRisesToItsTotal() {
        const TemporaryFolder folder;
        std::uint64_t last = 0;
        std::uint64_t total = 0;
        int calls = 0;
        const auto sink = [&](const Progress& progress) {
            QVERIFY(progress.done > last && progress.done <= progress.total);
            last = progress.done;
            total = progress.total;
            ++calls;
        };
        QVERIFY(convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder.path(), {}, sink));
        QCOMPARE(calls, 11); // once a tensor
        QCOMPARE(last, total);
    }

    void aCancelledImportStopsAtTheNextTensorAndLeavesNoWeights() {
        const TemporaryFolder folder;
        const CancelToken cancel;
        int tensors = 0;
        const auto stopAtThird = [&](const Progress&) {
            if (++tensors == 3) cancel.cancel();
        };
        const auto done =
            convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder / "out", cancel, stopAtThird);
        QCOMPARE(done.error().code, codes::kCancelled);
        QCOMPARE(tensors, 3);
        QVERIFY(!std::filesystem::exists(folder / "out/model.safetensors"));
    }

    void aFailureAtAnyCallLeavesWholeFilesOnlyAndNoWeights() {
        const TemporaryFolder complete;
        FaultFileLayer counting;
        QVERIFY(convertGgufToHub(counting, fixture("tiny.gguf"), complete.path(), {}, {}));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's names
            const TemporaryFolder folder;
            FaultFileLayer failing(call, call % 2 == 0 ? Fault::Short : Fault::IoError);
            const auto done = convertGgufToHub(failing, fixture("tiny.gguf"), folder / "out", {}, {});
            QVERIFY2(!done, std::to_string(call).c_str());
            QVERIFY(!std::filesystem::exists(folder / "out/model.safetensors"));
            std::error_code absent;
            for (const auto& entry : std::filesystem::directory_iterator(folder / "out", absent))
                QVERIFY2(readBytes(entry.path()) == readBytes(complete / entry.path().filename()),
                         entry.path().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestGgufToHub)
#include "test_gguf_to_hub.moc"
