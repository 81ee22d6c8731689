// config.json of both transformers generations, what is refused, and the table of tensor names.
#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/hub/model_config.h"
#include "formats/hub/tensor_names.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

/// Llama 3.2 1B as the Hub has it (llama.md 1.2, 1.3).
Json oneBillion() {
    return *parseJson(R"({"architectures":["LlamaForCausalLM"],"attention_bias":false,"bos_token_id":128000,
        "eos_token_id":[128001,128008,128009],"head_dim":64,"hidden_act":"silu","hidden_size":2048,
        "intermediate_size":8192,"max_position_embeddings":131072,"mlp_bias":false,"model_type":"llama",
        "num_attention_heads":32,"num_hidden_layers":16,"num_key_value_heads":8,"pretraining_tp":1,
        "rms_norm_eps":1e-05,"rope_scaling":{"factor":32.0,"high_freq_factor":4.0,"low_freq_factor":1.0,
        "original_max_position_embeddings":8192,"rope_type":"llama3"},"rope_theta":500000.0,
        "tie_word_embeddings":true,"torch_dtype":"bfloat16","use_cache":true,"vocab_size":128256})",
                      "config.json");
}

ModelConfig shape(std::int64_t hidden, std::int64_t layers, std::int64_t heads, std::int64_t inner,
                  bool tied) {
    ModelConfig config;
    config.vocab_size = 128256;
    config.hidden_size = hidden;
    config.intermediate_size = inner;
    config.num_hidden_layers = layers;
    config.num_attention_heads = heads;
    config.num_key_value_heads = 8;
    config.head_dim = hidden / heads;
    config.tie_word_embeddings = tied;
    return config;
}

Error parseError(const Json& json) {
    const auto config = parseModelConfig(json, "config.json");
    return config ? Error{{"none", ErrorClass::Failed}, "was accepted"} : config.error();
}

class NamesOnly final : public TensorSource {
public:
    explicit NamesOnly(std::vector<TensorInfo> tensors)
        : m_tensors(std::move(tensors)) {}
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const TensorInfo&, std::span<std::byte>) override { return {}; }
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    std::vector<TensorInfo> m_tensors;
};

} // namespace

class TestModelConfig final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aHubConfigurationOfTheFourthGenerationIsRead() {
        const auto config = parseModelConfig(oneBillion(), "config.json");
        QVERIFY2(config, config ? "" : config.error().message.c_str());
        QCOMPARE(config->head_dim, std::int64_t{64});
        QCOMPARE(config->num_key_value_heads, std::int64_t{8});
        QCOMPARE(config->rope_theta, 500000.0);
        QVERIFY(config->rope_scaling.has_value());
        QCOMPARE(config->rope_scaling->factor, 32.0);
        QCOMPARE(config->rope_scaling->original_max_position_embeddings, std::int64_t{8192});
        QCOMPARE(config->torch_dtype, std::string("bfloat16"));
        QCOMPARE(config->eos_token_ids, (std::vector<std::int64_t>{128001, 128008, 128009}));
        QCOMPARE(config->parameterCount(), std::uint64_t{1'235'814'400});
    }

    void aConfigurationWrittenByTransformersFiveIsRead() {
        const auto config = readModelConfig(fixture("sharded/config.json"));
        QVERIFY2(config, config ? "" : config.error().message.c_str());
        QCOMPARE(config->torch_dtype, std::string("bfloat16"));
        QCOMPARE(config->rope_theta, 500000.0);
        QCOMPARE(config->rope_scaling->factor, 8.0);
        QCOMPARE(config->rope_scaling->original_max_position_embeddings, std::int64_t{32});
        QCOMPARE(config->eos_token_ids, (std::vector<std::int64_t>{2, 3}));
    }

    void absentFieldsGetTheLibrarysDefaults() {
        const auto config = parseModelConfig(*parseJson(R"({"model_type":"llama"})", "x"), "x");
        QVERIFY(config);
        QCOMPARE(config->vocab_size, std::int64_t{32000});
        QCOMPARE(config->hidden_size, std::int64_t{4096});
        QCOMPARE(config->intermediate_size, std::int64_t{11008});
        QCOMPARE(config->num_key_value_heads, std::int64_t{32});
        QCOMPARE(config->head_dim, std::int64_t{128});
        QCOMPARE(config->max_position_embeddings, std::int64_t{2048});
        QCOMPARE(config->rms_norm_eps, 1e-6);
        QCOMPARE(config->rope_theta, 10000.0);
        QVERIFY(!config->rope_scaling && !config->tie_word_embeddings && config->torch_dtype.empty());
        QCOMPARE(*config->bos_token_id, std::int64_t{1});
        QCOMPARE(config->eos_token_ids, std::vector<std::int64_t>{2});
    }

    void legacySpellingsNullsAndUnknownKeysAreFine() {
        Json json = oneBillion();
        json["rope_scaling"]["type"] = "llama3";
        json["rope_scaling"].erase("rope_type");
        json["head_dim"] = nullptr;
        json["eos_token_id"] = nullptr;
        json["bos_token_id"] = nullptr;
        json["torch_dtype"] = "torch.float16";
        json["unsloth_version"] = Json::array({1});
        const auto config = parseModelConfig(json, "config.json");
        QVERIFY2(config, config ? "" : config.error().message.c_str());
        QCOMPARE(config->head_dim, std::int64_t{64});
        QVERIFY(config->rope_scaling && config->eos_token_ids.empty() && !config->bos_token_id);
        QCOMPARE(config->torch_dtype, std::string("float16"));
        json["rope_scaling"] = nullptr;
        QVERIFY(!parseModelConfig(json, "config.json")->rope_scaling);
        json["rope_scaling"] = Json{{"rope_type", "default"}};
        QVERIFY(!parseModelConfig(json, "config.json")->rope_scaling);
    }

    void otherScalingsAndBiasesAreReadAndWritten() {
        Json json = oneBillion();
        json["rope_scaling"] = Json{{"type", "linear"}, {"factor", 2.0}};
        json["attention_bias"] = true;
        json["mlp_bias"] = true;
        const auto config = parseModelConfig(json, "config.json");
        QVERIFY2(config, config ? "" : config.error().message.c_str());
        QVERIFY(config->isScaledLike(RopeType::Linear) && config->attention_bias && config->mlp_bias);
        // A bias for every output of q, k, v, o, gate, up and down_proj in each of the 16 layers.
        QCOMPARE(config->parameterCount(),
                 std::uint64_t{1'235'814'400 + 16 * (2048 + 512 + 512 + 2048) + 16 * (8192 + 8192 + 2048)});
        const auto again = parseModelConfig(modelConfigJson(*config), "config.json");
        QVERIFY(again && again->isScaledLike(RopeType::Linear) && again->attention_bias && again->mlp_bias);
        QCOMPARE(again->rope_scaling->factor, 2.0);
        json["rope_parameters"] = Json{{"rope_type", "dynamic"}, {"factor", 4.0}, {"rope_theta", 1e4}};
        const auto dynamic = parseModelConfig(json, "config.json");
        QVERIFY(dynamic && dynamic->isScaledLike(RopeType::Dynamic) && dynamic->rope_theta == 1e4);
        const auto tensors = expectedTensors(*config);
        QCOMPARE(tensors.size(), std::size_t{16 * 16 + 2});
        QCOMPARE(tensors[2].name, std::string("model.layers.0.self_attn.q_proj.bias"));
        QCOMPARE(*translateName(tensors[2].name, NameStyle::Hub, NameStyle::Gguf),
                 std::string("blk.0.attn_q.bias"));
        QVERIFY(!translateName("model.norm.bias", NameStyle::Hub, NameStyle::Gguf));
    }

    void whatCannotBeRunIsRefusedByName_data() {
        QTest::addColumn<QByteArray>("patch");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(says) << QByteArray(patch) << QByteArray(says);
        };
        row(R"({"model_type":"mistral"})", "mistral");
        row(R"({"model_type":"mllama"})", "mllama");
        row(R"({"model_type":null,"architectures":null})", "model_type");
        row(R"({"architectures":["LlamaForSequenceClassification"]})", "LlamaForSequenceClassification");
        row(R"({"hidden_act":"gelu"})", "gelu");
        row(R"({"rope_scaling":{"rope_type":"yarn","factor":2.0}})", "yarn");
        row(R"({"rope_parameters":{"rope_type":"longrope","factor":2.0}})", "longrope");
        row(R"({"rope_parameters":{"rope_type":"dynamic","factor":2.0},"head_dim":2})", "dynamic");
        row(R"({"rope_parameters":{"rope_type":"default","partial_rotary_factor":0.5}})",
            "partial_rotary_factor");
        row(R"({"quantization_config":{"quant_method":"bitsandbytes"}})", "quantization_config");
        row(R"({"quantization_config":{"quant_method":"gptq","load_in_4bit":true}})", "gptq");
    }
    void whatCannotBeRunIsRefusedByName() {
        QFETCH(QByteArray, patch);
        QFETCH(QByteArray, says);
        Json json = oneBillion();
        json.merge_patch(*parseJson(patch.toStdString(), "patch"));
        const Error error = parseError(json);
        QCOMPARE(error.code, codes::kModelUnsupported);
        QVERIFY2(contains(error.message, says.toStdString()) && contains(error.message, "config.json"),
                 error.message.c_str());
    }

    void impossibleValuesAreRefusedByTheirKey_data() {
        QTest::addColumn<QByteArray>("patch");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(patch) << QByteArray(patch) << QByteArray(says);
        };
        row(R"({"hidden_size":0})", "hidden_size");
        row(R"({"hidden_size":-5})", "hidden_size");
        row(R"({"hidden_size":2048.0})", "hidden_size");
        row(R"({"hidden_size":"2048"})", "hidden_size");
        row(R"({"hidden_size":99999999999999999999})", "hidden_size");
        row(R"({"vocab_size":9223372036854775807})", "vocab_size");
        row(R"({"num_hidden_layers":1000000})", "num_hidden_layers");
        row(R"({"num_key_value_heads":7})", "num_key_value_heads");
        row(R"({"num_attention_heads":24,"head_dim":null})", "hidden_size");
        row(R"({"head_dim":63})", "head_dim");
        row(R"({"head_dim":65536,"num_attention_heads":65536})", "head_dim");
        row(R"({"rms_norm_eps":0})", "rms_norm_eps");
        row(R"({"rope_theta":-1.0})", "rope_theta");
        row(R"({"rope_scaling":{"factor":null}})", "factor");
        row(R"({"rope_scaling":{"high_freq_factor":1.0}})", "high_freq_factor");
        row(R"({"rope_scaling":{"rope_type":"linear","factor":null}})", "factor");
        row(R"({"rope_scaling":{"rope_type":"dynamic","factor":0.5}})", "factor");
        row(R"({"attention_bias":"yes"})", "attention_bias");
        row(R"({"mlp_bias":1})", "mlp_bias");
        row(R"({"rope_scaling":[1]})", "rope_scaling");
        row(R"({"tie_word_embeddings":"yes"})", "tie_word_embeddings");
        row(R"({"eos_token_id":[1,"2"]})", "eos_token_id");
        row(R"({"bos_token_id":-1})", "bos_token_id");
        row(R"({"torch_dtype":16})", "torch_dtype");
    }
    void impossibleValuesAreRefusedByTheirKey() {
        QFETCH(QByteArray, patch);
        QFETCH(QByteArray, says);
        Json json = oneBillion();
        json.merge_patch(*parseJson(patch.toStdString(), "patch"));
        const Error error = parseError(json);
        QCOMPARE(error.code, codes::kModelConfigValue);
        QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
    }

    void aConfigurationThatIsNoObjectIsRefused() {
        QCOMPARE(parseError(Json::array()).code, codes::kModelConfigValue);
    }

    void whatIsWrittenIsReadBackTheSame() {
        auto config = parseModelConfig(oneBillion(), "config.json");
        QVERIFY(config);
        const Json written = modelConfigJson(*config);
        const auto again = parseModelConfig(*parseJson(writeJson(written), "again"), "again");
        QVERIFY(again);
        QCOMPARE(writeJson(modelConfigJson(*again)), writeJson(written));
        const Json original = oneBillion();
        for (const auto& [key, value] : original.items())
            QVERIFY2(written[key] == value, key.c_str());
        std::string last;
        for (const auto& [key, value] : written.items()) {
            QVERIFY2(last < key, key.c_str()); // the Hub's order
            last = key;
        }
        config->eos_token_ids = {2};
        QVERIFY(modelConfigJson(*config)["eos_token_id"] == 2);
        config->eos_token_ids.clear();
        QVERIFY(modelConfigJson(*config)["eos_token_id"].is_null());
    }

    void parametersAndTensorsAreCountedAsPublished() { // llama.md 1.2
        QCOMPARE(shape(2048, 16, 32, 8192, true).parameterCount(), std::uint64_t{1'235'814'400});
        QCOMPARE(shape(3072, 28, 24, 8192, true).parameterCount(), std::uint64_t{3'212'749'824});
        QCOMPARE(shape(4096, 32, 32, 14336, false).parameterCount(), std::uint64_t{8'030'261'248});
        QCOMPARE(shape(8192, 80, 64, 28672, false).parameterCount(), std::uint64_t{70'553'706'496});
        QCOMPARE(shape(16384, 126, 128, 53248, false).parameterCount(), std::uint64_t{405'853'388'800});
        QCOMPARE(expectedTensors(shape(2048, 16, 32, 8192, true)).size(), std::size_t{146});
        QCOMPARE(expectedTensors(shape(4096, 32, 32, 14336, false)).size(), std::size_t{291});
        QCOMPARE(expectedTensors(shape(16384, 126, 128, 53248, false)).size(), std::size_t{1137});
        std::uint64_t bytes = 0;
        for (const TensorInfo& tensor : expectedTensors(shape(4096, 32, 32, 14336, false)))
            bytes += tensor.byteSize();
        QCOMPARE(bytes, std::uint64_t{16'060'522'496});
    }

    void expectedTensorsHaveTheOrderOfModulesAndTheConfigurationsType() {
        ModelConfig config = shape(2048, 16, 32, 8192, false);
        config.torch_dtype = "float32";
        const auto tensors = expectedTensors(config);
        QCOMPARE(tensors[0].name, std::string("model.embed_tokens.weight"));
        QCOMPARE(tensors[2].name, std::string("model.layers.0.self_attn.k_proj.weight"));
        QCOMPARE(tensors[2].shape, (std::vector<std::int64_t>{512, 2048}));
        QCOMPARE(tensors[7].shape, (std::vector<std::int64_t>{2048, 8192}));
        QCOMPARE(tensors.back().name, std::string("lm_head.weight"));
        QVERIFY(tensors.back().dtype == DType::F32);
    }

    void namesAreTranslatedBothWaysAndUnknownOnesAreNot() {
        for (const TensorInfo& tensor : expectedTensors(shape(2048, 16, 32, 8192, false)))
            for (const NameStyle style : {NameStyle::Meta, NameStyle::Gguf}) {
                const auto name = translateName(tensor.name, NameStyle::Hub, style);
                QVERIFY(name && *name != tensor.name);
                QCOMPARE(*translateName(*name, style, NameStyle::Hub), tensor.name);
            }
        QCOMPARE(*translateName("blk.12.ffn_down.weight", NameStyle::Gguf, NameStyle::Hub),
                 std::string("model.layers.12.mlp.down_proj.weight"));
        QCOMPARE(*translateName("layers.3.feed_forward.w3.weight", NameStyle::Meta, NameStyle::Hub),
                 std::string("model.layers.3.mlp.up_proj.weight"));
        for (const char* name :
             {"blk.x.attn_q.weight", "blk..attn_q.weight", "blk.01.attn_q.weight", "blk.attn_q.weight",
              "blk.1.attn_q.weight.lora_a", "rope_freqs.weight", "blk.9999999999.attn_q.weight", ""})
            QVERIFY2(!translateName(name, NameStyle::Gguf, NameStyle::Hub), name);
    }

    void theSevenProjectionsComeInTheOrderOfALayer() {
        QCOMPARE(
            projectionModules(),
            (std::vector<std::string>{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                                      "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}));
    }

    void differencesFromTheConfigurationAreNamed() {
        const ModelConfig config = shape(2048, 2, 32, 8192, true);
        auto tensors = expectedTensors(config);
        QVERIFY(checkModelTensors(NamesOnly(tensors), config, "m"));
        auto extra = tensors;
        extra.push_back({"lm_head.weight", DType::BF16, {128256, 2048}});
        extra.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", DType::F32, {32}});
        QVERIFY(checkModelTensors(NamesOnly(extra), config, "m"));
        extra.push_back({"model.layers.0.self_attn.q_proj.bias", DType::BF16, {2048}});
        const auto unknown = checkModelTensors(NamesOnly(extra), config, "m");
        QCOMPARE(unknown.error().code, codes::kTensorSet);
        QVERIFY(contains(unknown.error().message, "q_proj.bias"));
        auto missing = tensors;
        missing.erase(missing.begin(), missing.begin() + 12);
        const auto absent = checkModelTensors(NamesOnly(missing), config, "m");
        QCOMPARE(absent.error().code, codes::kTensorSet);
        QVERIFY(contains(absent.error().message, "model.embed_tokens.weight") &&
                contains(absent.error().message, "12"));
        QCOMPARE(std::count(absent.error().detail.begin(), absent.error().detail.end(), '\n'),
                 9); // ten names
        tensors[1].shape = {2048, 1024};
        const auto wrong = checkModelTensors(NamesOnly(tensors), config, "m");
        QCOMPARE(wrong.error().code, codes::kTensorShape);
        QVERIFY(contains(wrong.error().message, "[2048, 1024]") &&
                contains(wrong.error().message, "[2048, 2048]"));
    }
};

QTEST_GUILESS_MAIN(TestModelConfig)
#include "test_model_config.moc"
