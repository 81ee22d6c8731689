// 300 small models over the space of configurations, against transformers + peft: logits, what every layer
// gives, and every LoRA gradient (fixtures made by make_random_models.py).
#include <cmath>

#include <ATen/ops/zeros_like.h>

#include <QTest>

#include "core/file_layer.h"
#include "formats/hub/tensor_names.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "llama/infer/decode_step.h"
#include "llama/load/load_decoder.h"
#include "llama/train/micro_batch_pass.h"
#include "parity/fixture.h"
#include "support/checked.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr double kForwardTolerance = 1e-5;  // relative to the largest value
constexpr double kGradientTolerance = 1e-4; // relative to the largest entry of the adapter's gradient
constexpr std::uint64_t kFirstAdapterTensor = 1000;

const fs::path& dataFolder() {
    static const fs::path folder = fs::path(LLAMAHOME_TEST_DATA) / "parity";
    return folder;
}

const Json& cases() {
    static const Json json = checked(readJsonFile(dataFolder() / "random_models.json"));
    return json["models"];
}

std::vector<float> expectedValues(const std::string& name) {
    static const auto source =
        checked(formats::SafetensorsReader::open(dataFolder() / "random_models.safetensors"));
    const formats::TensorInfo* const info = source->find(name);
    if (info == nullptr) throw std::runtime_error(name + " is not in the fixture");
    std::vector<float> values(info->elementCount());
    checked(source->read(*info, std::as_writable_bytes(std::span(values))));
    return values;
}

/// Numbers in [-1, 1): drawn() of make_random_models.py.
std::vector<float> drawn(std::uint64_t seed, std::uint64_t number, std::uint64_t count) {
    constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;
    std::uint64_t state = seed * kStep + number * 0xD1B54A32D192ED03;
    std::vector<float> values(count);
    for (float& value : values) {
        std::uint64_t z = (state += kStep);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        value = static_cast<float>(z >> 40) * 0x1p-23F - 1.0F;
    }
    return values;
}

std::vector<float> drawnWeight(std::uint64_t seed, std::uint64_t number, const formats::TensorInfo& tensor) {
    std::vector<float> values = drawn(seed, number, tensor.elementCount());
    const bool isNorm = tensor.name.ends_with("norm.weight");
    for (float& value : values)
        value = isNorm ? 1.0F + 0.25F * value : 0.25F * value;
    return values;
}

void writeModel(const fs::path& folder, const Json& model) {
    checked(writeFileAtomically(systemFiles(), folder / "config.json", writeJson(model["config"])));
    const auto config = checked(formats::readModelConfig(folder / "config.json"));
    const std::vector<formats::TensorInfo> tensors = formats::expectedTensors(config);
    std::map<std::string, std::uint64_t> numbers;
    for (const formats::TensorInfo& tensor : tensors)
        numbers.emplace(tensor.name, numbers.size());
    const std::vector<formats::TensorInfo> plan = formats::safetensorsOrder(tensors);
    const auto writer =
        checked(formats::SafetensorsWriter::create(systemFiles(), folder / "model.safetensors", plan, {}));
    for (const formats::TensorInfo& tensor : plan) {
        const std::vector<float> values =
            drawnWeight(model["seed"].get<std::uint64_t>(), numbers.at(tensor.name), tensor);
        checked(writer->write(tensor, std::as_bytes(std::span(values))));
    }
    checked(writer->finish());
}

LoraSet drawnAdapter(const Json& model, const formats::ModelConfig& config) {
    const Json& lora = model["lora"];
    const auto r = lora["r"].get<std::int64_t>();
    const auto rank = static_cast<double>(r);
    const double scaling =
        lora["lora_alpha"].get<double>() / (lora["use_rslora"].get<bool>() ? std::sqrt(rank) : rank);
    const LoraPlan plan =
        checked(planLora(config, r, scaling, 0.0, lora["target_modules"].get<std::vector<std::string>>()));
    std::vector<float> flat;
    std::uint64_t number = kFirstAdapterTensor;
    for (const LoraSlot& slot : plan.slots) {
        for (const std::int64_t count : {slot.r * slot.inFeatures, slot.outFeatures * slot.r}) {
            for (const float value :
                 drawn(model["seed"].get<std::uint64_t>(), number++, static_cast<std::uint64_t>(count)))
                flat.push_back(0.5F * value);
        }
    }
    return LoraSet(plan, flat, config.num_hidden_layers);
}

std::vector<text::TokenRow> rowsOf(const Json& model) {
    std::vector<text::TokenRow> rows;
    for (const Json& tokens : model["rows"]) {
        rows.push_back({tokens.get<std::vector<std::int32_t>>(), {}});
        rows.back().supervised.assign(rows.back().tokens.size(), 1);
    }
    return rows;
}

/// What every layer gives for a row, and the logits.
struct Forward {
    std::vector<float> layers;
    std::vector<float> logits;
};

Forward forward(const Decoder& decoder, const text::TokenRow& row, Workspace* workspace) {
    Products products;
    Batch batch = makeInferenceBatch(row.tokens, 0);
    batch.predictors = batch.positions; // the last layer gives only these
    batch.targets = batch.tokens;
    const PassContext pass = decoder.context(batch, products, nullptr, workspace);
    at::Tensor x = decoder.embed(batch);
    Forward result;
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
        x = decoder.layer(i).infer(x, pass, layerLora(nullptr, i));
        const std::vector<float> values = toVector(x.flatten());
        result.layers.insert(result.layers.end(), values.begin(), values.end());
    }
    result.logits = toVector(decoder.logits(x, products).flatten());
    return result;
}

/// Logits of a row whose first token is read by the plain layers and whose others are decoded.
std::vector<float> decodedLogits(const Decoder& decoder, const text::TokenRow& row, const LoraSet* lora) {
    KvCache cache(decoder.config(), decoder.dtype());
    KvCache* const caches[] = {&cache};
    Products products;
    const std::span<const std::int32_t> tokens(row.tokens);
    std::vector<float> logits = toVector(
        decoder
            .logits(decoder.hidden(makeInferenceBatch(tokens.first(1), 0), lora, &cache, products), products)
            .flatten());
    const auto step = DecodeStep::create(decoder, lora, 1);
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        const std::span<float> next = step->run(tokens.subspan(i, 1), caches);
        logits.insert(logits.end(), next.begin(), next.end());
    }
    return logits;
}

/// Decoding against the fixture's logits and, with the adapter, against the plain path's.
void checkDecoding(const Decoder& decoder, const Json& model, const std::vector<float>& expected) {
    const text::TokenRow row = rowsOf(model).front();
    if (static_cast<std::int64_t>(row.tokens.size()) > decoder.config().max_position_embeddings) return;
    const double base = relativeDifference(decodedLogits(decoder, row, nullptr), expected);
    QVERIFY2(base <= kForwardTolerance, QByteArray::number(base));
    const LoraSet lora = drawnAdapter(model, decoder.config());
    Products products;
    const std::vector<float> plain = toVector(
        decoder.logits(decoder.hidden(makeInferenceBatch(row.tokens, 0), &lora, nullptr, products), products)
            .flatten());
    const double adapted = relativeDifference(decodedLogits(decoder, row, &lora), plain);
    QVERIFY2(adapted <= kForwardTolerance, QByteArray::number(adapted));
}

/// Loss and adapter gradients of the model's rows, as one pass of `path` computes them.
void checkBackward(const fs::path& folder, const Json& model, LayerPath path, std::int64_t recomputedLayers) {
    const auto decoder = checked(loadDecoder(folder, at::kFloat, {}, {}, path));
    const auto rows = rowsOf(model);
    const LoraSet lora = drawnAdapter(model, decoder->config());
    const auto targets = static_cast<double>(rows[0].targetCount() + rows[1].targetCount());
    const std::array picked{&rows[0], &rows[1]};
    const at::Tensor gradients = at::zeros_like(lora.flat);
    Products products;
    Workspace workspace;
    const TrainPass pass{products, workspace, {}, 1.0 / targets, recomputedLayers};
    const double loss = forwardBackward(*decoder, makeBatch(picked, 0), lora, pass, gradients) / targets;
    const double expectedLoss = model["mean_loss"].get<double>();
    QVERIFY2(std::abs(loss - expectedLoss) <= kForwardTolerance * expectedLoss, QByteArray::number(loss));
    const std::string name = std::to_string(model["seed"].get<int>()) + ".gradients";
    const double gradient = relativeDifference(toVector(gradients), expectedValues(name));
    QVERIFY2(gradient <= kGradientTolerance, QByteArray::number(gradient));
}

} // namespace

class TestRandomModels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyModelIsTheReferences_data() {
        QTest::addColumn<int>("index");
        QVERIFY(cases().size() >= 300);
        for (std::size_t i = 0; i < cases().size(); ++i)
            QTest::addRow("model %d", cases()[i]["seed"].get<int>()) << static_cast<int>(i);
    }
    void everyModelIsTheReferences() {
        QFETCH(int, index);
        const Json& model = cases()[static_cast<std::size_t>(index)];
        const std::string seed = std::to_string(model["seed"].get<int>());
        const TemporaryFolder folder;
        writeModel(folder.path(), model);
        const auto decoder = checked(loadDecoder(folder.path(), at::kFloat, {}, {}));
        Workspace workspace;
        for (Workspace* const memory : {static_cast<Workspace*>(nullptr), &workspace}) {
            const Forward found = forward(*decoder, rowsOf(model).front(), memory);
            const double hidden = relativeDifference(found.layers, expectedValues(seed + ".hidden"));
            const double logits = relativeDifference(found.logits, expectedValues(seed + ".logits"));
            QVERIFY2(hidden <= kForwardTolerance, QByteArray::number(hidden));
            QVERIFY2(logits <= kForwardTolerance, QByteArray::number(logits));
        }
        checkDecoding(*decoder, model, expectedValues(seed + ".logits"));
        checkBackward(folder.path(), model, LayerPath::Plain, 0);
        checkBackward(folder.path(), model, LayerPath::Fast, 0);
        checkBackward(folder.path(), model, LayerPath::Fast, decoder->layerCount());
    }
};

QTEST_GUILESS_MAIN(TestRandomModels)
#include "test_random_models.moc"
