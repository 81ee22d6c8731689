// Quantised bases: the fast path against the plain one on the values that they stand for, in every format and
// on every instruction set; models that bitsandbytes quantised.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "engine/drawn_pass.h"
#include "formats/bitsandbytes/quantised_parts.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_writer.h"
#include "llama/infer/decode_step.h"
#include "llama/kernels/cpu_level.h"
#include "llama/quant/quantise.h"
#include "llama/train/trainer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;
using formats::Quantisation;
using formats::TensorInfo;

namespace {

constexpr double kTolerance = 1e-5; // of the largest gradient, fp32

std::vector<text::TokenRow> rowsOf(const std::vector<std::size_t>& lengths) {
    return testing::rowsOf(lengths, 4);
}

LoraSet adapterOf(const Decoder& decoder) {
    return testing::adapterOf(decoder, {"all-linear"}, 0.1);
}

Passed pass(const Decoder& decoder, const std::vector<text::TokenRow>& rows, const LoraSet& lora) {
    Workspace workspace;
    return testing::pass(decoder, rows, lora, 0, workspace);
}

/// Writes the weights of `source` over those of `folder`: the layers' matrices as bitsandbytes stores them in
/// `format`, or, with `asValues`, as the numbers that these stand for, in fp32.
void writeQuantised(const std::filesystem::path& folder, formats::TensorSource& source, Quantisation format,
                    bool asValues) {
    struct Written {
        TensorInfo info;
        std::string bytes;
    };
    std::vector<Written> all;
    for (const TensorInfo& tensor : source.tensors()) {
        std::string bytes(tensor.byteSize(), '\0');
        const auto place = std::as_writable_bytes(std::span(bytes));
        checked(source.read(tensor, place));
        if (tensor.shape.size() != 2 || !tensor.name.starts_with("model.layers.")) {
            all.push_back({tensor, std::move(bytes)});
            continue;
        }
        const auto matrix = checked(quantise(format, tensor, place, {}));
        if (asValues) {
            formats::dequantise(matrix.view, 0,
                                {reinterpret_cast<float*>(bytes.data()), tensor.elementCount()});
            all.push_back({tensor, std::move(bytes)});
            continue;
        }
        const auto parts = formats::quantisedParts(tensor, format);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            std::string text;
            const auto part = formats::quantisedPartBytes(tensor, matrix.view, i, text);
            all.push_back({parts[i], {reinterpret_cast<const char*>(part.data()), part.size()}});
        }
    }
    std::vector<TensorInfo> plan;
    for (const Written& one : all)
        plan.push_back(one.info);
    const auto writer = checked(formats::SafetensorsWriter::create(
        systemFiles(), folder / formats::kWeightsFile, plan, {{"format", "pt"}}));
    for (const Written& one : all)
        checked(writer->write(one.info, std::as_bytes(std::span(one.bytes))));
    checked(writer->finish());
}

} // namespace

class TestQuantised final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder; ///< "whole", and for each format "values-FORMAT" and "stored-FORMAT"

    std::filesystem::path folderOf(const char* kind, Quantisation format) const {
        return m_folder / (std::string(kind) + (format == Quantisation::Nf4 ? "-nf4" : "-int8"));
    }
    static void addFormats() {
        QTest::addColumn<int>("format");
        QTest::newRow("int8") << static_cast<int>(Quantisation::Int8);
        QTest::newRow("NF4") << static_cast<int>(Quantisation::Nf4);
    }

private Q_SLOTS:
    void initTestCase() {
        formats::ModelConfig config = tinyConfig();
        config.intermediate_size = 150; // blocks of 64 cross its rows
        writeTinyModel(m_folder / "whole", config, 1, formats::DType::F32);
        const auto source = checked(formats::openModelWeights(m_folder / "whole"));
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4})
            for (const bool asValues : {true, false}) {
                const auto folder = folderOf(asValues ? "values" : "stored", format);
                writeTinyModel(folder, config, 1, formats::DType::F32);
                writeQuantised(folder, *source, format, asValues);
            }
    }

    void gradientsAreThePlainPathsOnTheSameValues_data() { addFormats(); }
    void gradientsAreThePlainPathsOnTheSameValues() {
        QFETCH(int, format);
        const auto chosen = static_cast<Quantisation>(format);
        const auto plain =
            checked(loadDecoder(folderOf("values", chosen), at::kFloat, {}, {}, LayerPath::Plain));
        const LoraSet lora = adapterOf(*plain);
        const auto rows = rowsOf({127, 130, 2, 1, 40});
        const Passed expected = pass(*plain, rows, lora);
        for (const CpuLevel level : cpuLevels()) {
            setCpuLevel(level);
            for (const LayerPath path : {LayerPath::Plain, LayerPath::Fast}) {
                const auto quantised =
                    checked(loadDecoder(m_folder / "whole", at::kFloat, {}, {}, path, {chosen, {}}));
                const Passed found = pass(*quantised, rows, lora);
                QVERIFY(std::abs(found.loss - expected.loss) <= 1e-6 * expected.loss);
                const double difference = relativeDifference(found.gradients, expected.gradients);
                QVERIFY2(difference <= kTolerance, QByteArray::number(difference));
            }
        }
        setCpuLevel(bestCpuLevel());
    }

    void aModelOnDiskInEitherLayoutIsTheOneQuantisedOnLoading_data() { addFormats(); }
    void aModelOnDiskInEitherLayoutIsTheOneQuantisedOnLoading() {
        QFETCH(int, format);
        const auto chosen = static_cast<Quantisation>(format);
        const auto load = [&](const std::filesystem::path& folder, const QuantisedLoad& quantised) {
            return checked(loadDecoder(folder, at::kFloat, {}, {}, LayerPath::Fast, quantised));
        };
        const auto onLoading = load(m_folder / "whole", {chosen, {}});
        const auto stored = load(folderOf("stored", chosen), {});
        const auto file =
            load(m_folder / "whole", {chosen, folderOf("stored", chosen) / formats::kWeightsFile});
        const LoraSet lora = adapterOf(*onLoading);
        const auto rows = rowsOf({60, 9});
        const Passed expected = pass(*onLoading, rows, lora);
        for (const Decoder* const decoder : {stored.get(), file.get()}) {
            const Passed found = pass(*decoder, rows, lora);
            QCOMPARE(found.loss, expected.loss);
            QVERIFY(found.gradients == expected.gradients);
        }
    }

    void inferenceIsThatOnTheSameValues_data() { addFormats(); }
    void inferenceIsThatOnTheSameValues() {
        QFETCH(int, format);
        const auto chosen = static_cast<Quantisation>(format);
        const auto values = checked(loadDecoder(folderOf("values", chosen), at::kFloat, {}, {}));
        const auto quantised = checked(loadDecoder(folderOf("stored", chosen), at::kFloat, {}, {}));
        Products products;
        const auto logits = [&](const Decoder& decoder) {
            const Batch batch = makeInferenceBatch(rowsOf({50})[0].tokens, 0);
            return toVector(
                decoder.logits(decoder.hidden(batch, nullptr, nullptr, products), products).flatten());
        };
        QVERIFY(relativeDifference(logits(*quantised), logits(*values)) <= 1e-6);
        const std::vector<std::int32_t> tokens = rowsOf({50})[0].tokens;
        const auto decoded = [&tokens](const Decoder& decoder) {
            KvCache cache(decoder.config(), decoder.dtype());
            KvCache* const caches[] = {&cache};
            const auto step = DecodeStep::create(decoder, nullptr, 1, 2);
            std::span<float> last;
            for (const std::int32_t token : tokens)
                last = step->run(std::span(&token, 1), caches);
            return std::vector<float>(last.begin(), last.end());
        };
        QVERIFY(relativeDifference(decoded(*quantised), decoded(*values)) <= kTolerance);
    }

    void aMatrixOfTheFileThatIsAnotherIsNotUsed() {
        // The file of the other format holds none of the wanted one: the model's own are quantised.
        const auto expected = checked(
            loadDecoder(m_folder / "whole", at::kFloat, {}, {}, LayerPath::Fast, {Quantisation::Nf4, {}}));
        const auto found = checked(
            loadDecoder(m_folder / "whole", at::kFloat, {}, {}, LayerPath::Fast,
                        {Quantisation::Nf4, folderOf("stored", Quantisation::Int8) / formats::kWeightsFile}));
        const LoraSet lora = adapterOf(*expected);
        const auto rows = rowsOf({30});
        QVERIFY(pass(*found, rows, lora).gradients == pass(*expected, rows, lora).gradients);
    }
};

QTEST_APPLESS_MAIN(TestQuantised)
#include "test_quantised.moc"
