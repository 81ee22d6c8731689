// Models beside the common shape, to GGUF and back: biases, and the scalings of the rotary frequencies.
#include <QtTest>

#include "file_bytes.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_to_hub.h"
#include "formats/gguf/hub_to_gguf.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/rope_divisors.h"
#include "formats/tensor_values.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// Exports a tiny model of that configuration to "m.gguf", and that file to the folder "again".
Result<std::vector<std::string>> thereAndBack(const TemporaryFolder& folder, const ModelConfig& config) {
    writeTinyModel(folder / "hub", config);
    const auto weights = openModelWeights(folder / "hub");
    if (!weights) return weights.error();
    auto plan = GgufExport::plan(folder / "hub", **weights, {GgufFileType::BF16, "tiny", "apache-2.0"});
    if (!plan) return plan.error();
    if (auto written = plan->write(systemFiles(), folder / "m.gguf", {}, {}, {}); !written)
        return written.error();
    if (auto back = convertGgufToHub(systemFiles(), folder / "m.gguf", folder / "again", {}, {}); !back)
        return back.error();
    return plan->notes();
}

} // namespace

class TestGgufShapes final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void biasesComeBackWithTheirRowsInOrder() {
        const TemporaryFolder folder;
        ModelConfig config = tinyConfig();
        config.attention_bias = true;
        config.mlp_bias = true;
        const auto notes = thereAndBack(folder, config);
        QVERIFY2(notes, notes ? "" : notes.error().message.c_str());
        const auto again = readModelConfig(folder / "again/config.json");
        QVERIFY2(again, again ? "" : again.error().message.c_str());
        QVERIFY(again->attention_bias && again->mlp_bias);
        QCOMPARE(again->parameterCount(), config.parameterCount());
        QVERIFY(readBytes(folder / "hub/model.safetensors") == readBytes(folder / "again/model.safetensors"));

        // In the file the rows of a head are interleaved, those of the bias as those of its weight.
        const auto before = openModelWeights(folder / "hub");
        const auto file = GgufReader::open(folder / "m.gguf");
        QVERIFY(before && file);
        const auto hub = readAsFloats(**before, *(*before)->find("model.layers.0.self_attn.q_proj.bias"));
        const auto packed = readAsFloats(**file, *(*file)->find("blk.0.attn_q.bias"));
        QVERIFY(hub && packed && hub->size() == packed->size());
        const auto half = static_cast<std::size_t>(config.head_dim / 2);
        for (std::size_t i = 0; i < half; ++i)
            QVERIFY((*packed)[2 * i] == (*hub)[i] && (*packed)[2 * i + 1] == (*hub)[half + i]);
    }

    void linearScalingIsAKeyOfItsOwn() {
        const TemporaryFolder folder;
        ModelConfig config = tinyConfig();
        config.rope_scaling = RopeScaling{RopeType::Linear, 2.5};
        const auto notes = thereAndBack(folder, config);
        QVERIFY2(notes, notes ? "" : notes.error().message.c_str());
        const auto file = GgufReader::open(folder / "m.gguf");
        const GgufFields fields(**file);
        QCOMPARE(fields.text("llama.rope.scaling.type", ""), std::string("linear"));
        QCOMPARE(fields.positive("llama.rope.scaling.factor", 1.0), 2.5);
        QVERIFY((*file)->find(kGgufRopeTensor) == nullptr);
        const auto again = readModelConfig(folder / "again/config.json");
        QVERIFY(again && again->isScaledLike(RopeType::Linear));
        QCOMPARE(again->rope_scaling->factor, 2.5);
    }

    void llama3ScalingIsATensorOfDivisors() {
        const TemporaryFolder folder;
        ModelConfig config = tinyConfig();
        config.rope_scaling = RopeScaling{RopeType::Llama3, 32.0};
        const auto notes = thereAndBack(folder, config);
        QVERIFY2(notes, notes ? "" : notes.error().message.c_str());
        const auto again = readModelConfig(folder / "again/config.json");
        QVERIFY(again && again->isScaledLike(RopeType::Llama3));
        QCOMPARE(again->rope_scaling->factor, 32.0);
    }

    void dynamicScalingHasNoPlaceInTheFileAndThatIsSaid() {
        const TemporaryFolder folder;
        ModelConfig config = tinyConfig();
        config.rope_scaling = RopeScaling{RopeType::Dynamic, 4.0};
        const auto notes = thereAndBack(folder, config);
        QVERIFY2(notes, notes ? "" : notes.error().message.c_str());
        QCOMPARE(notes->size(), std::size_t{1});
        QVERIFY(notes->front().find("dynamic") != std::string::npos);
        QVERIFY(!readModelConfig(folder / "again/config.json")->rope_scaling);
    }
};

QTEST_GUILESS_MAIN(TestGgufShapes)
#include "test_gguf_shapes.moc"
