// Adapters saved by PEFT are read; what is written has PEFT's form; what cannot be used is refused by name.
#include <cmath>

#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "file_bytes.h"
#include "formats/half.h"
#include "formats/peft/peft_adapter.h"
#include "formats/peft/peft_config.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kConfig = "adapter_config.json";

PeftAdapter smallAdapter() {
    PeftAdapter adapter;
    adapter.r = 2;
    adapter.alpha = 32.0;
    adapter.dropout = 0.1;
    adapter.targetModules = {"v_proj", "q_proj"};
    adapter.baseModel = "smollm2/135m-instruct";
    adapter.pairs.push_back({"model.layers.0.self_attn.q_proj", 2, 3, 1, {1, 2, 3, 4, 5, 6}, {7, 8}});
    adapter.pairs.push_back({"model.layers.10.self_attn.v_proj", 2, 1, 1, {0.5F, -1}, {0, 1e-9F}});
    return adapter;
}

/// An adapter of make_adapter_fixtures.py.
std::filesystem::path formOfAdapter(const std::string& form) {
    return std::filesystem::path(LLAMAHOME_TEST_DATA) / "parity" / "adapters" / form;
}

Error readError(const std::filesystem::path& folder) {
    const auto adapter = readPeftAdapter(folder);
    return adapter ? Error{{"none", ErrorClass::Failed}, "was accepted"} : adapter.error();
}

struct NamedTensor {
    TensorInfo info;
    std::string bytes;
};

/// An adapter folder of rank 2 for q_proj with these tensors.
void writeFolder(const TemporaryFolder& folder, const std::vector<NamedTensor>& tensors) {
    writeBytes(folder / kConfig, R"({"peft_type":"LORA","r":2,"target_modules":["q_proj"]})");
    std::vector<TensorInfo> plan;
    for (const NamedTensor& tensor : tensors)
        plan.push_back(tensor.info);
    auto writer = SafetensorsWriter::create(systemFiles(), folder / kWeights, plan, {{"format", "pt"}});
    QVERIFY(writer);
    for (const NamedTensor& tensor : tensors)
        QVERIFY((*writer)->write(tensor.info, std::as_bytes(std::span(tensor.bytes))));
    QVERIFY((*writer)->finish());
}

NamedTensor floats(const std::string& name, std::vector<std::int64_t> shape, float value = 1.0F) {
    NamedTensor tensor{{name, DType::F32, std::move(shape)}, {}};
    for (std::uint64_t i = 0; i < tensor.info.elementCount(); ++i)
        tensor.bytes += numberBytes(value);
    return tensor;
}

constexpr const char* kA = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
constexpr const char* kB = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight";

} // namespace

class TestPeftAdapter final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anAdapterSavedByPeftIsRead() {
        const auto adapter = readPeftAdapter(fixture("adapter"));
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        QCOMPARE(adapter->r, std::int64_t{4});
        QCOMPARE(adapter->alpha, 8.0);
        QCOMPARE(adapter->dropout, 0.05);
        QCOMPARE(adapter->scaling(adapter->pairs[0]), 2.0);
        QCOMPARE(adapter->targetModules, (std::vector<std::string>{"down_proj", "q_proj", "v_proj"}));
        QCOMPARE(adapter->baseModel, std::string("local/tiny"));
        std::vector<std::string> modules;
        for (const LoraPair& pair : adapter->pairs)
            modules.push_back(pair.module);
        QCOMPARE(modules, (std::vector<std::string>{
                              "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
                              "model.layers.0.mlp.down_proj", "model.layers.1.self_attn.q_proj",
                              "model.layers.1.self_attn.v_proj", "model.layers.1.mlp.down_proj"}));
        QCOMPARE(adapter->pairs[2].inFeatures, std::int64_t{24});
        QCOMPARE(adapter->pairs[2].outFeatures, std::int64_t{16});
        auto reader = SafetensorsReader::open(fixture("adapter") / kWeights);
        const TensorInfo* stored =
            (*reader)->find("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight");
        const auto& values = adapter->pairs[5].loraB;
        QVERIFY(tensorBytes(**reader, *stored) ==
                std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
    }

    void everyLinearLayerWithRankStabilisedScalingIsRead() {
        const auto adapter = readPeftAdapter(fixture("adapter_all_linear"));
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        QCOMPARE(adapter->pairs.size(), std::size_t{14});
        QVERIFY(adapter->useRslora);
        QCOMPARE(adapter->alpha, 3.5);
        QCOMPARE(adapter->scaling(adapter->pairs[0]), 3.5 / std::sqrt(2.0));
    }

    void ranksAndAlphasOfModulesAreThoseOfThePatterns() {
        const auto adapter = readPeftAdapter(formOfAdapter("patterns"));
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        const auto check = [&](const char* module, std::int64_t r, double scaling) {
            for (const LoraPair& pair : adapter->pairs) {
                if (pair.module != module) continue;
                QCOMPARE(pair.r, r);
                QCOMPARE(adapter->scaling(pair), scaling);
                return;
            }
            QFAIL(module);
        };
        check("model.layers.0.self_attn.q_proj", 2, 8.0 / 2);
        check("model.layers.1.self_attn.v_proj", 4, 3.5 / 4);
        check("model.layers.0.mlp.gate_proj", 3, 8.0 / 3);
        check("model.layers.1.mlp.gate_proj", 4, 8.0 / 4);
        check("model.layers.0.mlp.down_proj", 4, 2.0 / 4);
        check("model.layers.1.mlp.down_proj", 6, 12.0 / 6); // the first pattern that fits
        const auto rslora = readPeftAdapter(formOfAdapter("patterns_rslora"));
        QVERIFY(rslora);
        QCOMPARE(rslora->scaling(rslora->pairs.back()), 12.0 / std::sqrt(6.0));
    }

    void everyFormIsWrittenSoThatItIsReadTheSame_data() {
        QTest::addColumn<QString>("form");
        for (const char* form :
             {"patterns", "patterns_rslora", "expression", "layers", "biases", "biases_lora_only"})
            QTest::newRow(form) << QString::fromLatin1(form);
    }
    void everyFormIsWrittenSoThatItIsReadTheSame() {
        QFETCH(const QString, form);
        const TemporaryFolder folder;
        const auto adapter = readPeftAdapter(formOfAdapter(form.toStdString()));
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        QVERIFY(writePeftAdapter(systemFiles(), folder.path(), *adapter));
        const auto again = readPeftAdapter(folder.path());
        QVERIFY2(again, again ? "" : again.error().message.c_str());
        QVERIFY(readBytes(folder / kWeights) ==
                readBytes(formOfAdapter(form.toStdString()) / kWeights)); // PEFT's bytes, biases included
        QCOMPARE(again->targetModules, adapter->targetModules);
        QCOMPARE(again->bias, adapter->bias);
        for (std::size_t i = 0; i < adapter->pairs.size(); ++i) {
            QCOMPARE(again->pairs[i].r, adapter->pairs[i].r);
            QCOMPARE(again->scaling(again->pairs[i]), adapter->scaling(adapter->pairs[i]));
        }
    }

    void modulesThatTheConfigurationLeavesOutAreRefused() {
        const auto json = readJsonFile(formOfAdapter("layers") / kConfig);
        const auto check = [&](const char* patch, const char* says) {
            const TemporaryFolder folder;
            Json changed = *json;
            changed.merge_patch(*parseJson(patch, "patch"));
            writeBytes(folder / kConfig, writeJson(changed));
            writeBytes(folder / kWeights, readBytes(formOfAdapter("layers") / kWeights));
            const Error error = readError(folder.path());
            QVERIFY2(error.code == codes::kAdapterTensors && contains(error.message, says),
                     error.message.c_str());
        };
        check(R"({"layers_to_transform":[0]})", "model.layers.1.self_attn.q_proj");
        check(R"({"exclude_modules":["up_proj"]})", "model.layers.1.mlp.up_proj");
        check(R"({"exclude_modules":".*mlp.*"})", "model.layers.1.mlp.up_proj");
        check(R"({"layers_to_transform":null,"target_modules":".*\\.q_proj"})", "model.layers.1.mlp.up_proj");
        check(R"({"rank_pattern":{"up_proj":5}})", "expected rank 5");
    }

    void aBiasThatWasNotToBeTrainedIsRefused() {
        const TemporaryFolder folder;
        writeFolder(folder,
                    {floats(kA, {2, 3}), floats(kB, {5, 2}),
                     floats("base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias", {5})});
        const Error error = readError(folder.path());
        QVERIFY(error.code == codes::kAdapterUnsupported && contains(error.message, "base_layer.bias"));
    }

    void writingWhatPeftSavedGivesItsTensorFileByteForByte() {
        for (const char* name : {"adapter", "adapter_all_linear"}) {
            const TemporaryFolder folder;
            const auto adapter = readPeftAdapter(fixture(name));
            QVERIFY(adapter && writePeftAdapter(systemFiles(), folder.path(), *adapter));
            QVERIFY(readBytes(folder / kWeights) == readBytes(fixture(name) / kWeights));
            const Json ours = *readJsonFile(folder / kConfig);
            const Json theirs = *readJsonFile(fixture(name) / kConfig);
            for (const auto& [key, value] : ours.items())
                QVERIFY2(theirs.contains(key) && theirs[key] == value && theirs[key].type() == value.type(),
                         key.c_str());
        }
    }

    void whatIsWrittenIsReadBackTheSame() {
        const TemporaryFolder folder;
        const PeftAdapter adapter = smallAdapter();
        QVERIFY(writePeftAdapter(systemFiles(), folder.path(), adapter));
        const auto again = readPeftAdapter(folder.path());
        QVERIFY2(again, again ? "" : again.error().message.c_str());
        QCOMPARE(again->targetModules, (std::vector<std::string>{"q_proj", "v_proj"}));
        QCOMPARE(again->pairs.size(), adapter.pairs.size());
        for (std::size_t i = 0; i < adapter.pairs.size(); ++i) {
            QCOMPARE(again->pairs[i].module, adapter.pairs[i].module);
            QCOMPARE(again->pairs[i].loraA, adapter.pairs[i].loraA);
            QCOMPARE(again->pairs[i].loraB, adapter.pairs[i].loraB);
        }
    }

    void theConfigurationHasPeftsForm() {
        const TemporaryFolder folder;
        PeftAdapter adapter = smallAdapter();
        QVERIFY(writePeftAdapter(systemFiles(), folder.path(), adapter));
        const std::string text = readBytes(folder / kConfig);
        QVERIFY(contains(text, "\n  \"lora_alpha\": 32,\n") &&
                contains(text, "\n  \"lora_dropout\": 0.1,\n"));
        QCOMPARE(text.back(), '}');
        std::string last;
        const auto json = parseJson(text, kConfig);
        for (const auto& [key, value] : json->items()) {
            QVERIFY2(last < key, key.c_str());
            last = key;
        }
        adapter.alpha = 12.5;
        adapter.baseModel.clear();
        QVERIFY(peftConfigJson(adapter)["lora_alpha"] == 12.5);
        QVERIFY(peftConfigJson(adapter)["base_model_name_or_path"].is_null());
    }

    void namesWithoutPrefixAndWithAdapterNameAreAccepted() {
        const TemporaryFolder folder;
        writeFolder(folder, {floats("model.layers.0.self_attn.q_proj.lora_A.default.weight", {2, 3}),
                             floats("model.layers.0.self_attn.q_proj.lora_B.default.weight", {5, 2})});
        const auto adapter = readPeftAdapter(folder.path());
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        QCOMPARE(adapter->pairs[0].module, std::string("model.layers.0.self_attn.q_proj"));
        QCOMPARE(adapter->pairs[0].outFeatures, std::int64_t{5});
    }

    void halfPrecisionTensorsBecomeFloats() {
        const TemporaryFolder folder;
        NamedTensor a{{kA, DType::F16, {2, 1}},
                      numberBytes(floatToHalf(0.25F)) + numberBytes(floatToHalf(-3.0F))};
        NamedTensor b{{kB, DType::BF16, {1, 2}},
                      numberBytes(floatToBfloat16(1.5F)) + numberBytes(floatToBfloat16(8.0F))};
        writeFolder(folder, {a, b});
        const auto adapter = readPeftAdapter(folder.path());
        QVERIFY(adapter);
        QCOMPARE(adapter->pairs[0].loraA, (std::vector<float>{0.25F, -3.0F}));
        QCOMPARE(adapter->pairs[0].loraB, (std::vector<float>{1.5F, 8.0F}));
        a.info.dtype = DType::I16;
        writeFolder(folder, {a, b});
        QCOMPARE(readError(folder.path()).code, codes::kStTypeUnknown);
    }

    void tensorsThatDoNotFitAreRefusedByName() {
        const TemporaryFolder folder;
        const auto check = [&](const std::vector<NamedTensor>& tensors, ErrorCode code, const char* says) {
            writeFolder(folder, tensors);
            const Error error = readError(folder.path());
            QVERIFY2(error.code == code && contains(error.message, says), error.message.c_str());
        };
        check({floats(kA, {2, 3})}, codes::kAdapterTensors, "no lora_B");
        check({floats(kB, {3, 2})}, codes::kAdapterTensors, "no lora_A");
        check({floats(kA, {4, 3}), floats(kB, {3, 2})}, codes::kAdapterTensors, "[4, 3]");
        check({floats(kA, {2, 3}), floats(kB, {3, 4})}, codes::kAdapterTensors, "rank 2");
        check({floats(kA, {6}), floats(kB, {3, 2})}, codes::kAdapterTensors, "q_proj");
        check({}, codes::kAdapterTensors, "no adapter tensors");
        check({floats("model.layers.0.self_attn.v_proj.lora_A.weight", {2, 3}),
               floats("model.layers.0.self_attn.v_proj.lora_B.weight", {3, 2})},
              codes::kAdapterTensors, "target_modules");
        check({floats(kA, {2, 3}), floats("model.layers.0.self_attn.q_proj.lora_A.weight", {2, 3})},
              codes::kAdapterTensors, "two tensors");
        check({floats("base_model.model.lm_head.lora_A.weight", {2, 3})}, codes::kAdapterUnsupported,
              "lm_head");
        check({floats("base_model.model.model.embed_tokens.lora_embedding_A", {2, 3})},
              codes::kAdapterUnsupported, "embed_tokens");
        check({floats("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", {3})},
              codes::kAdapterUnsupported, "magnitude");
        check({floats(kA, {2, 3}, NAN), floats(kB, {3, 2})}, codes::kNonFiniteWeights, "6 values");
        check({floats(kA, {2, 3}), floats(kB, {3, 2}, INFINITY)}, codes::kNonFiniteWeights, "lora_B");
    }

    void expressionsOfAConfigurationShareABudget() {
        Json config{{"peft_type", "LORA"}, {"target_modules", "all-linear"}};
        for (int layer = 0; layer < 126; ++layer) // as many as the largest Llama has
            for (const char* module : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                                       "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
                for (const char* key : {"rank_pattern", "alpha_pattern"})
                    config[key]["model.layers." + std::to_string(layer) + "." + module] = 4;
        const auto large = parsePeftConfig(config, "adapter_config.json");
        QVERIFY2(large, large ? "" : large.error().message.c_str());
        for (int i = 0; i < 80; ++i)
            config["rank_pattern"][std::to_string(i) + "a{1300}"] = 4;
        const auto refused = parsePeftConfig(config, "adapter_config.json");
        QVERIFY(!refused && refused.error().code == codes::kAdapterUnsupported);
        QVERIFY2(contains(refused.error().message, "more steps"), refused.error().message.c_str());
    }

    void configurationsThatCannotBeUsedAreRefusedByName_data() {
        QTest::addColumn<QByteArray>("patch");
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<bool>("isUnsupported");
        const auto row = [](const char* patch, const char* says, bool isUnsupported) {
            QTest::newRow(patch) << QByteArray(patch) << QByteArray(says) << isUnsupported;
        };
        row(R"({"peft_type":"IA3"})", "IA3", true);
        row(R"({"peft_type":null})", "peft_type", true);
        row(R"({"task_type":"SEQ_CLS"})", "SEQ_CLS", true);
        row(R"({"use_dora":true})", "use_dora", true);
        row(R"({"modules_to_save":["lm_head"]})", "modules_to_save", true);
        row(R"({"fan_in_fan_out":true})", "fan_in_fan_out", true);
        row(R"({"init_lora_weights":"pissa_niter_4"})", "pissa", true);
        row(R"({"init_lora_weights":"loftq"})", "loftq", true);
        row(R"({"loftq_config":{"loftq_bits":4}})", "loftq_config", true);
        row(R"({"target_modules":"(q|v)_proj\\1"})", "(q|v)_proj", true);
        row("{\"target_modules\":\"(q_proj\"}", "a ( without its )", false);
        row("{\"exclude_modules\":\"[a\"}", "exclude_modules", false); // moc loses count of raw brackets
        row(R"({"exclude_modules":3})", "exclude_modules", false);
        row(R"({"bias":"some"})", "some", true);
        row(R"({"rank_pattern":{"q_proj":0}})", "rank_pattern", false);
        row(R"({"rank_pattern":{"q_proj":2.5}})", "rank_pattern", false);
        row(R"({"rank_pattern":[4]})", "rank_pattern", false);
        row(R"({"rank_pattern":{"(?<=a)q":4}})", "rank_pattern", true);
        row(R"({"alpha_pattern":{"q_proj":"4"}})", "alpha_pattern", false);
        row(R"({"alpha_pattern":{"q_proj":-1}})", "alpha_pattern", false);
        row(R"({"layers_to_transform":["0"]})", "layers_to_transform", false);
        row(R"({"layers_to_transform":0,"target_modules":".*q_proj"})", "layers_to_transform", false);
        row(R"({"layers_to_transform":0,"layers_pattern":"blocks"})", "blocks", true);
        row(R"({"trainable_token_indices":[1]})", "trainable_token_indices", true);
        row(R"({"lora_bias":true})", "lora_bias", true);
        row(R"({"target_modules":[]})", "target_modules", false);
        row(R"({"target_modules":["q_proj",5]})", "target_modules", false);
        row(R"({"r":0})", "r:", false);
        row(R"({"r":4.0})", "r:", false);
        row(R"({"lora_alpha":"8"})", "lora_alpha", false);
        row(R"({"lora_dropout":1.0})", "lora_dropout", false);
    }
    void configurationsThatCannotBeUsedAreRefusedByName() {
        QFETCH(QByteArray, patch);
        QFETCH(QByteArray, says);
        QFETCH(bool, isUnsupported);
        Json json = *readJsonFile(fixture("adapter") / kConfig);
        json.merge_patch(*parseJson(patch.toStdString(), "patch"));
        const auto parsed = parsePeftConfig(json, "adapter_config.json");
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().code,
                 isUnsupported ? codes::kAdapterUnsupported : codes::kAdapterConfigValue);
        QVERIFY2(contains(parsed.error().message, says.toStdString()), parsed.error().message.c_str());
        QVERIFY(contains(parsed.error().message, "adapter_config.json"));
    }

    void allLinearAndAbsentTargetsMeanWhatPeftMeans() {
        const auto all = parsePeftConfig(Json{{"peft_type", "LORA"}, {"target_modules", "all-linear"}}, "c");
        QCOMPARE(all->adapter.targetModules,
                 (std::vector<std::string>{"down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj",
                                           "v_proj"}));
        const auto none = parsePeftConfig(Json{{"peft_type", "LORA"}}, "c");
        QCOMPARE(none->adapter.targetModules, (std::vector<std::string>{"q_proj", "v_proj"}));
        QCOMPARE(none->adapter.alpha, static_cast<double>(none->adapter.r));
        QVERIFY(matchesTarget("model.layers.0.mlp.up_proj", {"mlp.up_proj"}));
        QVERIFY(!matchesTarget("model.layers.0.mlp.up_proj", {"p_proj"}));
    }

    void anOldPickleIsNamedAndAnAbsentFileIsNotFound() {
        const TemporaryFolder folder;
        QCOMPARE(readError(folder.path()).code, codes::kFileNotFound);
        writeBytes(folder / kConfig, R"({"peft_type":"LORA"})");
        QCOMPARE(readError(folder.path()).code, codes::kFileNotFound);
        writeBytes(folder / "adapter_model.bin", "x");
        QCOMPARE(readError(folder.path()).code, codes::kAdapterUnsupported);
        QVERIFY(contains(readError(folder.path()).message, "adapter_model.bin"));
    }

    void anAdapterWhoseValuesDoNotFitItsShapeIsNotWritten() {
        const TemporaryFolder folder;
        PeftAdapter adapter = smallAdapter();
        adapter.pairs[1].loraB.pop_back();
        const auto written = writePeftAdapter(systemFiles(), folder.path(), adapter);
        QCOMPARE(written.error().code, codes::kAdapterTensors);
        QVERIFY(contains(written.error().message, "model.layers.10.self_attn.v_proj"));
        QVERIFY(std::filesystem::is_empty(folder.path()));
    }

    void aFailureAtAnyCallLeavesWholeFilesOnly() {
        const PeftAdapter adapter = smallAdapter();
        const TemporaryFolder complete;
        FaultFileLayer counting;
        QVERIFY(writePeftAdapter(counting, complete.path(), adapter));
        for (std::uint64_t call = 1; call <= counting.calls(); ++call) {
            const TemporaryFolder folder;
            FaultFileLayer failing(call, Fault::Short);
            QVERIFY(!writePeftAdapter(failing, folder.path(), adapter));
            for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
                QVERIFY2(readBytes(entry.path()) == readBytes(complete / entry.path().filename()),
                         entry.path().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestPeftAdapter)
#include "test_peft_adapter.moc"
