// Adapters for llama.cpp and Ollama: the GGUF file says what the adapter does, the Modelfile how it is used.
#include <cmath>
#include <cstring>
#include <limits>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/lora_to_gguf.h"
#include "formats/gguf/ollama_modelfile.h"
#include "formats/hub/head_rows.h"
#include "formats/tensor_values.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

LoraPair pairOf(const std::string& module, std::int64_t r, std::int64_t in, std::int64_t out) {
    LoraPair pair{module, r, in, out, {}, {}};
    for (std::int64_t i = 0; i < r * in; ++i)
        pair.loraA.push_back(static_cast<float>(i % 17) * 0.25F);
    for (std::int64_t i = 0; i < out * r; ++i)
        pair.loraB.push_back(static_cast<float>(i) * 0.5F);
    return pair;
}

PeftAdapter adapterOf(const ModelConfig& base) {
    PeftAdapter adapter;
    adapter.r = 4;
    adapter.alpha = 6.0;
    adapter.baseModel = "local/tiny";
    const std::int64_t queries = base.num_attention_heads * base.head_dim;
    const std::int64_t keys = base.num_key_value_heads * base.head_dim;
    adapter.pairs.push_back(pairOf("model.layers.0.self_attn.q_proj", 4, base.hidden_size, queries));
    adapter.pairs.push_back(pairOf("model.layers.0.self_attn.k_proj", 4, base.hidden_size, keys));
    adapter.pairs.push_back(
        pairOf("model.layers.1.mlp.down_proj", 4, base.intermediate_size, base.hidden_size));
    return adapter;
}

std::vector<float> valuesOf(GgufReader& reader, const char* name) {
    const TensorInfo* tensor = reader.find(name);
    return tensor == nullptr ? std::vector<float>{} : *readAsFloats(reader, *tensor);
}

std::vector<float> interleaved(std::vector<float> values, std::int64_t heads, std::int64_t headRows) {
    interleaveHeadRows(std::as_writable_bytes(std::span(values)), heads, headRows);
    return values;
}

std::string problemOf(const OllamaModelfile& file) {
    const auto text = ollamaModelfileText(file);
    return text ? "none" : std::string(text.error().code.text) + " " + text.error().message;
}

} // namespace

class TestLoraToGguf final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anAdapterBecomesPairsUnderTheBasesNames() {
        const TemporaryFolder folder;
        const ModelConfig base = tinyConfig();
        const PeftAdapter adapter = adapterOf(base);
        const auto written = writeGgufAdapter(systemFiles(), folder / "a.gguf", adapter, base, {});
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(*ggufAdapterBytes(adapter, base, {}), *fileSize(folder / "a.gguf"));
        auto reader = GgufReader::open(folder / "a.gguf");
        QVERIFY(reader);
        const GgufFields fields(**reader);
        QCOMPARE(fields.text("general.type", ""), std::string("adapter"));
        QCOMPARE(fields.text("general.architecture", ""), std::string("llama"));
        QCOMPARE(fields.text("adapter.type", ""), std::string("lora"));
        QCOMPARE(fields.text("general.base_model.0.name", ""), std::string("local/tiny"));
        QCOMPARE(fields.positive("adapter.lora.alpha", 0.5), 6.0);
        QCOMPARE((*reader)->tensors().size(), std::size_t{6});
        QVERIFY(valuesOf(**reader, "blk.0.attn_q.weight.lora_a") == adapter.pairs[0].loraA);
        QVERIFY(valuesOf(**reader, "blk.0.attn_q.weight.lora_b") ==
                interleaved(adapter.pairs[0].loraB, base.num_attention_heads, base.head_dim));
        QVERIFY(valuesOf(**reader, "blk.0.attn_k.weight.lora_b") ==
                interleaved(adapter.pairs[1].loraB, base.num_key_value_heads, base.head_dim));
        QVERIFY(valuesOf(**reader, "blk.1.ffn_down.weight.lora_b") == adapter.pairs[2].loraB);
        QCOMPARE((*reader)->find("blk.1.ffn_down.weight.lora_a")->shape,
                 (std::vector<std::int64_t>{4, base.intermediate_size}));
    }

    void theScalingIsTheAdaptersWhateverItsKind() {
        const TemporaryFolder folder;
        const ModelConfig base = tinyConfig();
        PeftAdapter adapter = adapterOf(base);
        const auto scaleOf = [&](std::size_t pair, const char* name) {
            (void)writeGgufAdapter(systemFiles(), folder / "a.gguf", adapter, base, {});
            auto reader = GgufReader::open(folder / "a.gguf");
            const GgufFields fields(**reader);
            const double alpha = fields.positive("adapter.lora.alpha", 0.0);
            const auto r = static_cast<double>((*reader)->find(name)->shape[1]);
            const double stored = static_cast<double>(valuesOf(**reader, name).back());
            return alpha / r * stored / static_cast<double>(adapter.pairs[pair].loraB.back());
        };
        const char* down = "blk.1.ffn_down.weight.lora_b";
        QVERIFY(std::abs(scaleOf(2, down) - 1.5) < 1e-6);
        adapter.useRslora = true;
        QVERIFY(std::abs(scaleOf(2, down) - 3.0) < 1e-6);
        adapter.pairs[2] =
            pairOf("model.layers.1.mlp.down_proj", 2, base.intermediate_size, base.hidden_size);
        QVERIFY(std::abs(scaleOf(2, down) - 6.0 / std::sqrt(2.0)) < 1e-6);
        adapter.pairs[2].alpha = 1.5;
        QVERIFY(std::abs(scaleOf(2, down) - 1.5 / std::sqrt(2.0)) < 1e-6);
        QVERIFY(std::abs(scaleOf(0, "blk.0.attn_q.weight.lora_b") - 3.0) < 1e-6);
        adapter.pairs[2].alpha.reset();
        adapter.alpha = 0.0;
        QVERIFY(std::abs(scaleOf(2, down)) < 1e-6);
    }

    void otherPackingsAreRefusedAndHalvesTaken() {
        const TemporaryFolder folder;
        const ModelConfig base = tinyConfig();
        const PeftAdapter adapter = adapterOf(base);
        for (const GgufFileType type : {GgufFileType::F16, GgufFileType::BF16}) {
            QVERIFY(writeGgufAdapter(systemFiles(), folder / "a.gguf", adapter, base, {type, "n"}));
            auto reader = GgufReader::open(folder / "a.gguf");
            QCOMPARE((*reader)->packing((*reader)->tensors()[0]).name, ggufFileTypeName(type));
        }
        QCOMPARE(ggufAdapterBytes(adapter, base, {GgufFileType::Q8_0, ""}).error().code, codes::kExportKind);
    }

    void biasesAreRefusedBecauseAGgufAdapterHasNone() {
        const ModelConfig base = tinyConfig();
        PeftAdapter adapter = adapterOf(base);
        adapter.biases.push_back({"model.layers.0.self_attn.q_proj", {1.0F}});
        const auto refused = ggufAdapterBytes(adapter, base, {});
        QCOMPARE(refused.error().code, codes::kExportKind);
        QVERIFY(contains(refused.error().message, "model.layers.0.self_attn.q_proj"));
    }

    void whatDoesNotBelongToTheBaseIsRefusedByTheModulesName() {
        const TemporaryFolder folder;
        const ModelConfig base = tinyConfig();
        PeftAdapter adapter = adapterOf(base);
        adapter.pairs[2].module = "model.layers.2.mlp.down_proj";
        auto written = writeGgufAdapter(systemFiles(), folder / "a.gguf", adapter, base, {});
        QCOMPARE(written.error().code, codes::kExportCheck);
        QVERIFY(contains(written.error().message, "model.layers.2.mlp.down_proj"));
        adapter = adapterOf(base);
        adapter.pairs[0] = pairOf("model.layers.0.self_attn.q_proj", 4, base.hidden_size + 1, 8);
        QCOMPARE(ggufAdapterBytes(adapter, base, {}).error().code, codes::kExportCheck);
        adapter = adapterOf(base);
        adapter.pairs[1].loraB[5] = std::numeric_limits<float>::infinity();
        written = writeGgufAdapter(systemFiles(), folder / "a.gguf", adapter, base, {});
        QCOMPARE(written.error().code, codes::kExportCheck);
        QVERIFY(contains(written.error().message, "blk.0.attn_k.weight.lora_b"));
        QVERIFY(std::filesystem::is_empty(folder.path()));
    }

    void aFailureAtAnyCallLeavesNoFile() {
        const ModelConfig base = tinyConfig();
        const TemporaryFolder complete;
        FaultFileLayer counting;
        QVERIFY(writeGgufAdapter(counting, complete / "a.gguf", adapterOf(base), base, {}));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's names
            const TemporaryFolder folder;
            FaultFileLayer failing(call, call % 2 == 0 ? Fault::Short : Fault::IoError);
            QVERIFY(!writeGgufAdapter(failing, folder / "a.gguf", adapterOf(base), base, {}));
            QVERIFY2(!std::filesystem::exists(folder / "a.gguf"), std::to_string(call).c_str());
        }
    }

    void aModelfileSaysAllThatOllamaNeeds() {
        OllamaModelfile file{"./model.gguf"};
        QCOMPARE(*ollamaModelfileText(file), std::string("FROM ./model.gguf\n"));
        file.adapter = "./adapter.gguf";
        file.turns = OllamaTurns{"",
                                 "<|im_start|>system\n",
                                 "<|im_end|>\n",
                                 "<|im_start|>user\n",
                                 "<|im_end|>\n",
                                 "<|im_start|>assistant\n",
                                 "<|im_end|>\n"};
        file.stops = {"<|im_end|>", "a\nb"};
        file.contextLength = 8192;
        file.system = "You are \"kind\", always.";
        file.license = "Two\nlines";
        QCOMPARE(*ollamaModelfileText(file),
                 std::string("FROM ./model.gguf\nADAPTER ./adapter.gguf\n"
                             "TEMPLATE \"\"\"{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n"
                             "{{ end }}{{ if .Prompt }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n"
                             "{{ end }}<|im_start|>assistant\n{{ .Response }}<|im_end|>\n\"\"\"\n"
                             "SYSTEM \"\"\"You are \"kind\", always.\"\"\"\n"
                             "PARAMETER num_ctx 8192\nPARAMETER stop \"<|im_end|>\"\n"
                             "PARAMETER stop \"\"\"a\nb\"\"\"\nLICENSE \"\"\"Two\nlines\"\"\"\n"));
    }

    void bracesInATemplateStayText() {
        OllamaModelfile file{"m"};
        file.turns = OllamaTurns{"{{x}} {", "", "", "", "", "", ""};
        const std::string brace = "{{ \"{\" }}";
        QVERIFY(contains(*ollamaModelfileText(file), brace + brace + "x}} " + brace + "{{ if .System }}"));
    }

    void quotesInATemplateDoNotEndIt() {
        OllamaModelfile file{"m"};
        file.turns = OllamaTurns{"say \"\"\"so\" ", "", "", "", "", "", "\""};
        const auto text = ollamaModelfileText(file);
        QVERIFY2(text, text ? "" : text.error().message.c_str());
        const std::string quote = "{{ \"\\\"\" }}";
        QVERIFY2(contains(*text, "TEMPLATE \"\"\"say " + quote + quote + "\"so\" {{ if .System }}"),
                 text->c_str());
        QVERIFY2(contains(*text, "{{ .Response }}" + quote + "\"\"\"\n"), text->c_str());
    }

    void whatAModelfileCannotQuoteIsRefusedByTheKeyword() {
        QVERIFY(contains(problemOf({""}), "EXP-02 Modelfile: FROM"));
        QVERIFY(contains(problemOf({"a\nSYSTEM x"}), "FROM"));
        OllamaModelfile file{"m"};
        QCOMPARE(problemOf(file), std::string("none"));
        file.adapter = "a\"b";
        QVERIFY(contains(problemOf(file), "ADAPTER"));
        file.adapter = "";
        file.system = "three \"\"\" quotes";
        QVERIFY(contains(problemOf(file), "SYSTEM"));
        file.system = "ends in a \"quote\"";
        QVERIFY(contains(problemOf(file), "SYSTEM"));
    }
};

QTEST_GUILESS_MAIN(TestLoraToGguf)
#include "test_lora_to_gguf.moc"
