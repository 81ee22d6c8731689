// The export to GGUF: what is written is the model, as llama.cpp lays it out, and comes back as it was.
#include <cmath>
#include <functional>
#include <map>

#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "file_bytes.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_to_hub.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/gguf/hub_to_gguf.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/rope_divisors.h"
#include "formats/hub/tensor_names.h"
#include "formats/tokenizer/hub_tokenizer_reader.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// Exports the Hub folder; the forecast size must come true.
Result<void> exportTo(FileLayer& files, const fs::path& folder, const fs::path& target, GgufFileType type,
                      const CancelToken& cancel = {}, const ProgressSink& progress = {}) {
    const auto weights = openModelWeights(folder);
    if (!weights) return weights.error();
    auto plan = GgufExport::plan(folder, **weights, {type, "tiny", "apache-2.0"});
    if (!plan) return plan.error();
    if (auto written = plan->write(files, target, {}, cancel, progress); !written) return written;
    if (*fileSize(target) == plan->fileBytes()) return {};
    return Error{codes::kExportCheck, "the size is not the forecast one"};
}

std::string messageOf(const Result<void>& result) {
    return result ? "" : std::string(result.error().code.text) + " " + result.error().message;
}

/// A Llama 3 of 80 layers as config.json would give it.
ModelConfig configOf(std::int64_t layers, std::int64_t hidden, std::int64_t inner, std::int64_t heads,
                     std::int64_t keyHeads, bool isTied) {
    ModelConfig config;
    config.vocab_size = 128;
    config.hidden_size = hidden;
    config.intermediate_size = inner;
    config.num_hidden_layers = layers;
    config.num_attention_heads = heads;
    config.num_key_value_heads = keyHeads;
    config.head_dim = hidden / heads;
    config.tie_word_embeddings = isTied;
    return config;
}

std::string typeOf(const std::vector<GgufPlanned>& plan, std::string_view name) {
    for (const GgufPlanned& tensor : plan)
        if (tensor.name == name) return std::string(tensor.type->name);
    return "none";
}

/// How often each type is used for tensors whose name ends so, as "12 Q4_K, 12 Q6_K".
std::string countsOf(const std::vector<GgufPlanned>& plan, std::string_view ending) {
    std::map<std::string, int> counts;
    for (const GgufPlanned& tensor : plan)
        if (tensor.name.ends_with(ending)) ++counts[std::string(tensor.type->name)];
    std::string text;
    for (const auto& [type, count] : counts)
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + type;
    return text;
}

void changeJson(const fs::path& path, const std::function<void(Json&)>& change) {
    Json json = *readJsonFile(path);
    change(json);
    writeBytes(path, writeJson(json));
}

} // namespace

class TestHubToGguf final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aModelComesBackFromGgufAsItWasByteForByte() {
        const TemporaryFolder folder;
        QVERIFY(convertGgufToHub(systemFiles(), fixture("tiny.gguf"), folder / "hub", {}, {}));
        QCOMPARE(messageOf(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::F32)),
                 std::string());
        const auto done = convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "again", {}, {});
        QVERIFY2(done, done ? "" : done.error().message.c_str());
        int files = 0;
        for (const auto& entry : fs::directory_iterator(folder / "hub")) {
            const auto name = entry.path().filename();
            QVERIFY2(readBytes(entry.path()) == readBytes(folder / "again" / name), name.c_str());
            ++files;
        }
        QCOMPARE(files, 6);
    }

    void aModelOfTheHubComesBackWithEqualWeightsAndAnEqualTokenizer() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        QCOMPARE(messageOf(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::BF16)),
                 std::string());
        QVERIFY(convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "again", {}, {}));
        QVERIFY(readBytes(folder / "hub/model.safetensors") == readBytes(folder / "again/model.safetensors"));
        const auto config = readModelConfig(folder / "hub/config.json");
        const auto before = readTokenizerParts(folder / "hub", *config);
        const auto after = readTokenizerParts(folder / "again", *config);
        QVERIFY(before && after);
        QVERIFY(before->tokens == after->tokens && before->kinds == after->kinds);
        QVERIFY(before->merges == after->merges && before->split == after->split);
        QVERIFY(before->addsBos == after->addsBos && before->chatTemplate == after->chatTemplate);
        QVERIFY(before->roles.bos == after->roles.bos && before->roles.eos == after->roles.eos);
        QVERIFY(before->roles.pad == after->roles.pad && before->endTokens == after->endTokens);
    }

    void theMetadataIsTheConvertersForALlama() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        QVERIFY(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::Q8_0));
        const auto reader = GgufReader::open(folder / "m.gguf");
        QVERIFY(reader);
        const GgufFields fields(**reader);
        const ModelConfig config = tinyConfig();
        const auto whole = [&](const char* key) { return fields.whole(key, 1 << 20).value_or(-1); };
        QCOMPARE(fields.text("general.architecture", ""), std::string("llama"));
        QCOMPARE(fields.text("general.type", ""), std::string("model"));
        QCOMPARE(fields.text("general.name", ""), std::string("tiny"));
        QCOMPARE(fields.text("general.license", ""), std::string("apache-2.0"));
        QCOMPARE(whole("general.file_type"), std::int64_t{7});
        QCOMPARE(whole("general.quantization_version"), std::int64_t{2});
        QCOMPARE(whole("llama.context_length"), config.max_position_embeddings);
        QCOMPARE(whole("llama.vocab_size"), config.vocab_size);
        QCOMPARE(whole("llama.rope.dimension_count"), config.head_dim);
        QCOMPARE(whole("llama.attention.key_length"), config.head_dim);
        QCOMPARE(fields.positive("llama.rope.freq_base", 0.5), config.rope_theta);
        QCOMPARE(fields.text("tokenizer.ggml.pre", ""), std::string("smollm"));
        QCOMPARE(whole("tokenizer.ggml.bos_token_id"), std::int64_t{kEndOfText});
        QCOMPARE(whole("tokenizer.ggml.eos_token_id"), std::int64_t{kImEnd});
        QVERIFY(!fields.has("tokenizer.ggml.eot_token_id") && fields.has("tokenizer.chat_template"));
        QVERIFY(!fields.flag("tokenizer.ggml.add_bos_token", true) && !fields.problem());
        const auto& types = fields.requiredWholes("tokenizer.ggml.token_type");
        QCOMPARE(types.size(), static_cast<std::size_t>(config.vocab_size));
        QVERIFY(types[kImEnd] == 3 && types[kFirstByte] == 1);
    }

    void everyKindOfFileIsWrittenAndIsSmallerThanTheOneBefore() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        std::uint64_t before = ~std::uint64_t{0};
        for (const std::string& name : ggufFileTypeNames()) {
            const auto type = ggufFileTypeOf(name);
            QVERIFY(type && ggufFileTypeName(*type) == name);
            QCOMPARE(messageOf(exportTo(systemFiles(), folder / "hub", folder / name, *type)), std::string());
            const std::uint64_t bytes = *fileSize(folder / name);
            QVERIFY2(bytes <= before, name.c_str());
            before = bytes;
        }
        QCOMPARE(*ggufFileTypeOf("q4_k_m"), GgufFileType::Q4_K_M);
        QVERIFY(!ggufFileTypeOf("Q3_K_S"));
    }

    void aMixedFileGivesMoreBitsToTheTensorsThatNeedThem() { // llama.md 8.3
        const auto plan = planGgufTensors(configOf(32, 4096, 14336, 32, 8, false), GgufFileType::Q4_K_M);
        QCOMPARE(typeOf(plan, "token_embd.weight"), std::string("Q4_K"));
        QCOMPARE(typeOf(plan, "output.weight"), std::string("Q6_K"));
        QCOMPARE(typeOf(plan, "output_norm.weight"), std::string("F32"));
        QCOMPARE(countsOf(plan, "attn_v.weight"), std::string("16 Q4_K, 16 Q6_K"));
        QCOMPARE(countsOf(plan, "ffn_down.weight"), std::string("16 Q4_K, 16 Q6_K"));
        QCOMPARE(typeOf(plan, "blk.3.attn_v.weight"), std::string("Q6_K"));
        QCOMPARE(typeOf(plan, "blk.4.attn_v.weight"), std::string("Q4_K"));
        QCOMPARE(typeOf(plan, "blk.6.attn_v.weight"), std::string("Q6_K"));
        QCOMPARE(typeOf(plan, "blk.28.ffn_down.weight"), std::string("Q6_K"));
        QCOMPARE(countsOf(plan, "attn_q.weight"), std::string("32 Q4_K"));
        const auto seventy = planGgufTensors(configOf(80, 8192, 28672, 64, 8, false), GgufFileType::Q4_K_M);
        QCOMPARE(countsOf(seventy, "attn_v.weight"), std::string("40 Q5_K, 40 Q6_K"));
        QCOMPARE(countsOf(seventy, "ffn_down.weight"), std::string("40 Q4_K, 40 Q6_K"));
    }

    void rowsThatABlockDoesNotDivideFallBack() { // the sizes of the starter model, and odd ones
        const ModelConfig starter = configOf(30, 576, 1536, 9, 3, true);
        const auto mixed = planGgufTensors(starter, GgufFileType::Q4_K_M);
        QCOMPARE(typeOf(mixed, "token_embd.weight"), std::string("Q8_0"));
        QCOMPARE(typeOf(mixed, "output.weight"), std::string("none"));
        QCOMPARE(countsOf(mixed, "attn_q.weight"), std::string("30 Q5_0"));
        QCOMPARE(countsOf(mixed, "attn_v.weight"), std::string("16 Q5_0, 14 Q8_0"));
        QCOMPARE(countsOf(mixed, "ffn_down.weight"), std::string("16 Q4_K, 14 Q6_K"));
        const auto sixBit = planGgufTensors(starter, GgufFileType::Q6_K);
        QCOMPARE(countsOf(sixBit, "attn_q.weight"), std::string("30 Q8_0"));
        QCOMPARE(countsOf(sixBit, "ffn_down.weight"), std::string("30 Q6_K"));
        const auto fourBit = planGgufTensors(starter, GgufFileType::Q4_0);
        QCOMPARE(typeOf(fourBit, "token_embd.weight"), std::string("Q8_0"));
        QCOMPARE(countsOf(fourBit, "attn_q.weight"), std::string("30 Q4_0"));
        for (const GgufFileType type : {GgufFileType::Q8_0, GgufFileType::Q4_0, GgufFileType::Q4_K_M,
                                        GgufFileType::Q6_K, GgufFileType::F16})
            QCOMPARE(countsOf(planGgufTensors(configOf(2, 48, 80, 2, 1, true), type), "attn_q.weight"),
                     std::string("2 F16"));
        const auto large = planGgufTensors(configOf(2, 512, 256, 4, 4, false), GgufFileType::Q4_0);
        QCOMPARE(typeOf(large, "output.weight"), std::string("Q6_K"));
        QCOMPARE(typeOf(large, "token_embd.weight"), std::string("Q4_0"));
    }

    void rowsOfAHeadAreInterleavedAndTakenApartAgain() {
        std::string rows;
        for (int i = 0; i < 16; ++i)
            rows += std::string(3, static_cast<char>('a' + i));
        const std::string halves = rows;
        interleaveHeadRows(std::as_writable_bytes(std::span(rows)), 2, 8);
        QCOMPARE(rows, std::string("aaaeeebbbfffcccgggdddhhhiiimmmjjjnnnkkkooolllppp"));
        deinterleaveHeadRows(std::as_writable_bytes(std::span(rows)), 2, 8);
        QCOMPARE(rows, halves);
    }

    void theDivisorsOfScaledRopeAreMetas() { // llama.md 8.3
        ModelConfig config = configOf(32, 4096, 14336, 32, 8, false);
        config.rope_theta = 500000.0;
        const auto divisors = llama3Divisors(config, RopeScaling{});
        QCOMPARE(divisors.size(), std::size_t{64});
        QVERIFY(divisors[0] == 1.0 && divisors[35] == 8.0 && divisors[63] == 8.0);
        QVERIFY(std::abs(divisors[29] - 1.207484) < 1e-6 && std::abs(divisors[30] - 1.553415) < 1e-6);
        QVERIFY(std::abs(divisors[34] - 5.257327) < 1e-6);
    }

    void severalEndTokensGetTheirKeys() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        changeJson(folder / "hub/generation_config.json", [](Json& json) {
            json["eos_token_id"] = Json::array({kImEnd, kEndOfText, 7, 8});
        });
        const auto weights = openModelWeights(folder / "hub");
        auto plan = GgufExport::plan(folder / "hub", **weights, {});
        QVERIFY2(plan, plan ? "" : plan.error().message.c_str());
        QCOMPARE(plan->notes().size(), std::size_t{1}); // 8: one key is left, and 7 has it
        QVERIFY(plan->write(systemFiles(), folder / "m.gguf", {}, {}, {}));
        const auto reader = GgufReader::open(folder / "m.gguf");
        const GgufFields fields(**reader);
        QCOMPARE(*fields.whole("tokenizer.ggml.eos_token_id", 300), std::int64_t{kImEnd});
        QCOMPARE(*fields.whole("tokenizer.ggml.eot_token_id", 300), std::int64_t{7});
        // All come back, also the one that llama.cpp will not know, and no other.
        const auto back = tokenizerFromGguf(**reader, 512);
        QVERIFY(back && back->endTokens == (std::vector<std::int64_t>{kImEnd, kEndOfText, 7, 8}));
    }

    void anEndThatOnlyOneFileNamesIsWritten() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        changeJson(folder / "hub/generation_config.json", [](Json& json) { json["eos_token_id"] = 7; });
        changeJson(folder / "hub/config.json", [](Json& json) { json["eos_token_id"] = 8; });
        QVERIFY(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::F16));
        const auto reader = GgufReader::open(folder / "m.gguf");
        const auto back = tokenizerFromGguf(**reader, 512);
        QVERIFY(back && back->endTokens == (std::vector<std::int64_t>{7, 8, kImEnd}));
    }

    void aTemplateAndEndsInPlaceOfTheFoldersAreWritten() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        const auto weights = openModelWeights(folder / "hub");
        GgufExportOptions options;
        options.chatTemplate = "another's";
        options.endTokens = {9, kImEnd};
        auto plan = GgufExport::plan(folder / "hub", **weights, options);
        QVERIFY(plan && plan->write(systemFiles(), folder / "m.gguf", {}, {}, {}));
        const auto reader = GgufReader::open(folder / "m.gguf");
        const auto back = tokenizerFromGguf(**reader, 512);
        QVERIFY(back && back->endTokens == options.endTokens && back->config["chat_template"] == "another's");
        options.endTokens = {264};
        const auto beyond = GgufExport::plan(folder / "hub", **weights, options);
        QVERIFY(!beyond && beyond.error().code == codes::kExportCheck);
    }

    void aLlamaThreeTokenizerIsKnownByItsSplitAndItsTemplateOfTokens() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        const ModelConfig config = *readModelConfig(folder / "hub/config.json");
        TokenizerParts parts = *readTokenizerParts(folder / "hub", config);
        parts.tokens[0] = "<|begin_of_text|>";
        parts.tokens[1] = "<|eom_id|>";
        parts.tokens[2] = "<|eot_id|>";
        parts.split = PieceSplit::Llama3;
        parts.addsBos = true;
        parts.roles = {0, 2, {}, {}};
        const HubTokenizer tokenizer = buildHubTokenizer(parts);
        writeBytes(folder / "hub/tokenizer.json", writeJson(tokenizer.tokenizer));
        writeBytes(folder / "hub/tokenizer_config.json", writeJson(tokenizer.config));
        writeBytes(folder / "hub/chat_template.jinja", "the file's own");
        changeJson(folder / "hub/generation_config.json", [](Json& json) {
            json["eos_token_id"] = Json::array({1, 2});
        });
        const auto read = readTokenizerParts(folder / "hub", config);
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QVERIFY(read->split == PieceSplit::Llama3 && read->addsBos && read->tokens == parts.tokens);
        QCOMPARE(*read->chatTemplate, std::string("the file's own"));
        QVERIFY(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::F16));
        const auto reader = GgufReader::open(folder / "m.gguf");
        const GgufFields fields(**reader);
        QCOMPARE(fields.text("tokenizer.ggml.pre", ""), std::string("llama-bpe"));
        QVERIFY(fields.flag("tokenizer.ggml.add_bos_token", false));
        QCOMPARE(*fields.whole("tokenizer.ggml.bos_token_id", 300), std::int64_t{0});
        QCOMPARE(*fields.whole("tokenizer.ggml.eos_token_id", 300), std::int64_t{2});
        QCOMPARE(*fields.whole("tokenizer.ggml.eom_token_id", 300), std::int64_t{1});
        QVERIFY(!fields.has("tokenizer.ggml.eot_token_id"));
    }

    void whatCannotBeExportedIsRefusedByNameBeforeAnythingIsWritten_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QByteArray>("pointer");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, const char* file, const char* pointer, const char* value,
                            const char* says) {
            QTest::newRow(name) << QByteArray(file) << QByteArray(pointer) << QByteArray(value)
                                << QByteArray(says);
        };
        const char* tokenizer = "tokenizer.json";
        row("unigram", tokenizer, "/model/type", "\"Unigram\"", "EXP-02 expected BPE");
        row("byte fallback", tokenizer, "/model/byte_fallback", "true", "EXP-02 of its own");
        row("normalizer", tokenizer, "/normalizer", R"({"type":"NFC"})", "EXP-02 of its own");
        row("metaspace", tokenizer, "/pre_tokenizer", R"({"type":"Metaspace"})", "EXP-02 of its own");
        row("no pre-tokenizer", tokenizer, "/pre_tokenizer", "null", "EXP-02 pre-tokenizer");
        row("prefix space", tokenizer, "/pre_tokenizer/pretokenizers/1/add_prefix_space", "true",
            "EXP-02 pre-tokenizer");
        row("ignored merges", tokenizer, "/model/ignore_merges", "true", "EXP-02 ignore_merges");
        row("no vocabulary", tokenizer, "/model/vocab", "{}", "EXP-03 no vocabulary");
        row("vocabulary as list", tokenizer, "/model/vocab", "[1]", "EXP-03 no vocabulary");
        row("no merges", tokenizer, "/model/merges", "null", "EXP-03 no list of merges");
        row("merge of one", tokenizer, "/model/merges/0", R"(["a"])", "EXP-03 merge 0");
        row("merge with a blank", tokenizer, "/model/merges/0", R"(["a b","c"])", "EXP-02 the merge");
        row("id beyond", tokenizer, "/added_tokens/0/id", "264", "EXP-03 264 rows");
        row("id as text", tokenizer, "/added_tokens/0/id", "\"1\"", "EXP-03 264 rows");
        row("negative id", tokenizer, "/added_tokens/0/id", "-1", "EXP-03 264 rows");
        row("two tokens of one id", tokenizer, "/added_tokens/0/content", "\"x\"", "EXP-03 have the id 0");
        row("unknown end", "tokenizer_config.json", "/eos_token", "\"nowhere\"", "EXP-03 eos_token");
        row("end beyond", "generation_config.json", "/eos_token_id", "264", "EXP-03 264");
        row("end as text", "generation_config.json", "/eos_token_id", "\"2\"", "eos_token_id");
        row("other size", "config.json", "/intermediate_size", "80", "ST-41 gate_proj");
    }
    void whatCannotBeExportedIsRefusedByNameBeforeAnythingIsWritten() {
        QFETCH(QByteArray, file);
        QFETCH(QByteArray, pointer);
        QFETCH(QByteArray, value);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        changeJson(folder / "hub" / file.toStdString(), [&](Json& json) {
            json[Json::json_pointer(pointer.toStdString())] = Json::parse(value.toStdString());
        });
        const std::string message =
            messageOf(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::F16));
        const QByteArray code = says.left(says.indexOf(' '));
        QVERIFY2(says.indexOf(' ') < 0 || message.starts_with(code.toStdString()), message.c_str());
        QVERIFY2(contains(message, says.mid(says.indexOf(' ') + 1).toStdString()), message.c_str());
        QVERIFY(!fs::exists(folder / "m.gguf"));
    }

    void valuesThatAreNotFiniteAreRefusedByTheTensorsName() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        std::string bytes = readBytes(folder / "hub/model.safetensors");
        bytes.replace(bytes.size() - 2, 2, "\x80\x7F"); // infinity in the last BF16
        writeBytes(folder / "hub/model.safetensors", bytes);
        const std::string message =
            messageOf(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::Q8_0));
        QVERIFY2(message.starts_with("EXP-03") && contains(message, "weight\""), message.c_str());
        QVERIFY(!fs::exists(folder / "m.gguf"));
    }

    void progressRisesToItsTotalAndAStopLeavesNothing() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "hub");
        Progress last{"", 0, 0, ""};
        int tensors = 0;
        const auto count = [&](const Progress& progress) {
            QVERIFY(progress.done > last.done && progress.done <= progress.total);
            last = progress;
            ++tensors;
        };
        QVERIFY(exportTo(systemFiles(), folder / "hub", folder / "m.gguf", GgufFileType::F16, {}, count));
        QCOMPARE(last.done, last.total);
        QCOMPARE(tensors, 20);
        const CancelToken cancel;
        const auto stop = [&](const Progress&) { cancel.cancel(); };
        const auto stopped =
            exportTo(systemFiles(), folder / "hub", folder / "n.gguf", GgufFileType::F16, cancel, stop);
        QCOMPARE(stopped.error().code, codes::kCancelled);
        QCOMPARE(std::distance(fs::directory_iterator(folder.path()), {}), std::ptrdiff_t{2});
    }

    void aFailureAtAnyCallLeavesNoFile() {
        const TemporaryFolder model;
        writeTinyModel(model / "hub");
        FaultFileLayer counting;
        QVERIFY(exportTo(counting, model / "hub", model / "m.gguf", GgufFileType::Q4_0));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's names
            const TemporaryFolder folder;
            FaultFileLayer failing(call, call % 2 == 0 ? Fault::Short : Fault::IoError);
            QVERIFY(!exportTo(failing, model / "hub", folder / "m.gguf", GgufFileType::Q4_0));
            QVERIFY2(!fs::exists(folder / "m.gguf"), std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestHubToGguf)
#include "test_hub_to_gguf.moc"
