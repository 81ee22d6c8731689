// The plain path on other devices. On ATen's `meta` device nothing is computed: tensors have a shape, a type
// and a device, and what mixes devices or reads a value throws. On `cuda` the numbers are those of the
// fixtures, where there is a card.
#include <cmath>

#include <ATen/Context.h>
#include <ATen/ExpandUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/result_type.h>
#include <ATen/ops/zeros_like.h>
#include <torch/library.h>

#include <QTest>

#include "engine/drawn_pass.h"
#include "llama/infer/plain_decode_step.h"
#include "llama/load/place_decoder.h"
#include "llama/nn/head_loss.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

// Operators of the plain path, and of ATen's attention, for which PyTorch has meta kernels in Python alone.

at::Tensor& whereOutOnMeta(const at::Tensor& condition, const at::Tensor& a, const at::Tensor& b,
                           at::Tensor& out) {
    for (const at::Tensor& tensor : {condition, a, b})
        TORCH_CHECK(tensor.is_meta() || tensor.dim() == 0, "where: found a tensor on ", tensor.device());
    out.resize_(at::infer_size(condition.sizes(), at::infer_size(a.sizes(), b.sizes())));
    return out;
}

at::Tensor whereOnMeta(const at::Tensor& condition, const at::Tensor& a, const at::Tensor& b) {
    at::Tensor out = at::empty({0}, condition.options().device(at::kMeta).dtype(at::result_type(a, b)));
    return whereOutOnMeta(condition, a, b, out);
}

at::Tensor& maskedFillOnMeta(at::Tensor& self, const at::Tensor& mask, const at::Scalar&) {
    TORCH_CHECK(self.is_meta() && mask.is_meta(), "masked_fill_: found a tensor on another device");
    return self;
}

at::Tensor indexSelectOnMeta(const at::Tensor& self, std::int64_t dim, const at::Tensor& index) {
    TORCH_CHECK(self.is_meta() && index.is_meta(), "index_select: found a tensor on another device");
    std::vector<std::int64_t> shape = self.sizes().vec();
    shape.at(static_cast<std::size_t>(dim)) = index.numel();
    return at::empty(shape, self.options());
}

at::Tensor& unaryOnMeta(const at::Tensor& self, at::Tensor& out) {
    TORCH_CHECK(self.is_meta() && out.is_meta(), "found a tensor on another device");
    out.resize_(self.sizes());
    return out;
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
    library.impl("where.self", whereOnMeta);
    library.impl("where.self_out", whereOutOnMeta);
    library.impl("masked_fill_.Scalar", maskedFillOnMeta);
    library.impl("index_select", indexSelectOnMeta);
    library.impl("logical_not.out", unaryOnMeta);
    library.impl("abs.out", unaryOnMeta);
}

constexpr double kTolerance = 1e-5;

const std::vector<std::size_t> kLengths{40, 40, 7}; // two of one length share a call of the attention

std::vector<std::int32_t> tokensOf(std::size_t count) {
    std::vector<std::int32_t> tokens;
    PhiloxStream stream(4, 4);
    for (std::size_t i = 0; i < count; ++i)
        tokens.push_back(static_cast<std::int32_t>(stream.nextBelow(kTinyVocabulary)));
    return tokens;
}

/// `lora` without what it has below `layer`.
LoraSet above(const LoraSet& lora, std::int64_t layer, const Decoder& decoder) {
    LoraPlan plan = lora.plan;
    std::erase_if(plan.slots, [layer](const LoraSlot& slot) { return slot.layer < layer; });
    plan.lowestLayer = layer;
    return LoraSet(plan, std::vector<float>(static_cast<std::size_t>(plan.parameterCount), 0.1F),
                   decoder.layerCount(), decoder.device());
}

} // namespace

class TestDevices final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

    std::unique_ptr<Decoder> decoder(at::ScalarType type = at::kFloat) const {
        return checked(loadDecoder(m_folder.path(), type, {}, {}, LayerPath::Plain));
    }

    /// A pass on the meta device, which nothing of the loss or the gradients leaves.
    static std::uint64_t passOnMeta(const Decoder& decoder, const LoraSet& lora,
                                    std::int64_t recomputedLayers) {
        const at::Tensor gradients = at::zeros_like(lora.flat);
        Products products;
        Workspace workspace;
        const TrainPass options{products, workspace, {lora.plan.dropout, 11, 7}, 0.01, recomputedLayers};
        const Batch batch = batchOf(rowsOf(kLengths, 3));
        const at::Tensor loss = plainForwardBackward(decoder, batch, lora, options, gradients);
        [&] {
            QVERIFY(loss.is_meta() && gradients.is_meta());
            QCOMPARE(loss.dim(), std::int64_t{0});
        }();
        return products.multiplyAdds();
    }

private Q_SLOTS:
    void initTestCase() { writeTinyModel(m_folder.path(), tinyConfig(), 1, formats::DType::F32); }

    void aTrainingPassStaysOnItsDevice_data() {
        QTest::addColumn<bool>("isBf16");
        QTest::addColumn<int>("recomputed");
        for (const bool isBf16 : {false, true})
            for (const int recomputed : {0, 1, 2})
                QTest::addRow("%s, %d recomputed", isBf16 ? "bf16" : "fp32", recomputed)
                    << isBf16 << recomputed;
    }
    void aTrainingPassStaysOnItsDevice() {
        QFETCH(const bool, isBf16);
        QFETCH(const int, recomputed);
        const auto here = decoder(isBf16 ? at::kBFloat16 : at::kFloat);
        const auto there = placeDecoder(*here, {at::kMeta, here->layerCount()});
        QVERIFY(there->device().is_meta() && !there->isOnCpu());
        Workspace workspace;
        const auto rows = rowsOf(kLengths, 3);
        const Passed expected =
            pass(*here, rows, adapterOf(*here, {"all-linear"}, 0.25), recomputed, workspace);
        const LoraSet lora = adapterOf(*there, {"all-linear"}, 0.25);
        QVERIFY(lora.flat.is_meta());
        QCOMPARE(passOnMeta(*there, lora, recomputed), expected.multiplyAdds);
        QCOMPARE(workspace.peakBytes(), std::size_t{0}); // the plain path has no use for it
    }

    void anEvaluationStaysOnItsDevice() {
        const auto here = decoder();
        const auto there = placeDecoder(*here, {at::kMeta, here->layerCount()});
        const LoraSet lora = adapterOf(*there, {"all-linear"}, 0.0);
        Products products;
        const Batch batch = batchOf(rowsOf(kLengths, 3));
        const at::Tensor hidden = there->hidden(batch, &lora, nullptr, products);
        const HeadLoss head = headLoss(*there, hidden, batch, 1.0, /*wantsGradient=*/false, products);
        QVERIFY(head.tokenLosses.is_meta() && !head.hiddenGradient.defined());
    }

    void aPromptIsReadInPiecesOnItsDevice() {
        const auto here = decoder(at::kBFloat16);
        const auto there = placeDecoder(*here, {at::kMeta, here->layerCount()});
        const LoraSet lora = adapterOf(*there, {"all-linear"}, 0.0);
        KvCache cache(there->config(), there->dtype());
        const std::vector<std::int32_t> tokens = tokensOf(kContextBlock + 10);
        Products products;
        std::size_t begin = 0;
        for (const std::size_t piece : {std::size_t{5}, std::size_t{1}, tokens.size() - 6}) {
            const std::span<const std::int32_t> part(tokens.data() + begin, piece);
            const at::Tensor hidden =
                there->hidden(makeInferenceBatch(part, cache.length()), &lora, &cache, products);
            const at::Tensor logits = there->logits(hidden, products);
            QVERIFY(logits.is_meta());
            QCOMPARE(logits.size(0), static_cast<std::int64_t>(piece));
            begin += piece;
        }
        QCOMPARE(cache.length(), static_cast<std::int64_t>(tokens.size()));
        QCOMPARE(cache.bytes(), contextBytes(there->config(), 2 * kContextBlock, sizeof(std::uint16_t)));
    }

    // What goes over the boundary goes from the processor to the device: nothing comes back from meta.
    void hiddenStatesCrossTheBoundary() {
        const auto here = decoder();
        const auto split = placeDecoder(*here, {at::kMeta, 1});
        QVERIFY(split->layer(0).device().is_cpu() && split->layer(1).device().is_meta());
        QVERIFY(!split->isOnCpu() && split->device().is_meta());
        const LoraSet lora = above(adapterOf(*here, {"all-linear"}, 0.25), 1, *split);
        for (const std::int64_t recomputed : {0, 1})
            QVERIFY(passOnMeta(*split, lora, recomputed) > 0);
        KvCache cache(split->config(), split->dtype());
        Products products;
        const std::vector<std::int32_t> tokens = tokensOf(20);
        const Batch batch = makeInferenceBatch(tokens, 0);
        QVERIFY(split->hidden(batch, nullptr, &cache, products).is_meta());
        QCOMPARE(cache.bytes(), contextBytes(split->config(), kContextBlock, sizeof(float)));
    }

    void aPlacedDecoderComputesTheSame() {
        const auto plain = decoder();
        const LoraSet lora = adapterOf(*plain, {"all-linear"}, 0.25);
        const auto rows = rowsOf(kLengths, 3);
        Workspace workspace;
        const Passed expected = pass(*plain, rows, lora, 1, workspace);
        for (std::int64_t layers = 0; layers <= plain->layerCount(); ++layers) {
            const auto placed = placeDecoder(*plain, {at::kCPU, layers});
            QVERIFY(placed->isOnCpu());
            const Passed found = pass(*placed, rows, lora, 1, workspace);
            QVERIFY(std::abs(found.loss - expected.loss) <= kTolerance * expected.loss);
            QVERIFY(relativeDifference(found.gradients, expected.gradients) <= kTolerance);
        }
    }

    void quantisedMatricesArePlacedAsTheirValues() {
        for (const char* name : {"int8", "nf4"}) {
            const Fixture fixture(name);
            const auto plain = checked(loadDecoder(fixture.folder(), at::kFloat, {}, {}, LayerPath::Plain));
            const auto placed = placeDecoder(*plain, {at::kCPU, plain->layerCount()});
            QVERIFY(placed->layer(0).weights().of(Projection::Q).quantised() == nullptr);
            Products products;
            const Batch batch = makeInferenceBatch(fixture.longRow(), 0);
            const auto logits = toVector(
                placed->logits(placed->hidden(batch, nullptr, nullptr, products), products).flatten());
            const double difference = relativeDifference(logits, fixture.tensor("base.logits"));
            QVERIFY2(difference <= kTolerance, QByteArray::number(difference));
        }
    }

    void contextsGoOnAsWithTheDecodeStepOfTheProcessor() {
        const auto plain = decoder();
        const LoraSet lora = adapterOf(*plain, {"all-linear"}, 0.0);
        std::vector<std::vector<float>> logits;
        for (const bool isPlain : {false, true}) {
            const auto step =
                isPlain ? plainDecodeStep(*plain, &lora, 2) : DecodeStep::create(*plain, &lora, 2);
            KvCache first(plain->config(), plain->dtype());
            KvCache second(plain->config(), plain->dtype());
            Products products;
            plain->hidden(makeInferenceBatch(tokensOf(9), 0), &lora, &first, products);
            KvCache* const caches[] = {&first, &second};
            for (const std::int32_t token : {7, 8}) {
                const std::int32_t next[] = {token, token + 2};
                const std::span<const float> found = step->run(next, caches);
                logits.emplace_back(found.begin(), found.end());
            }
            QCOMPARE(first.length(), std::int64_t{11});
            QCOMPARE(second.length(), std::int64_t{2});
        }
        QVERIFY(relativeDifference(logits[2], logits[0]) <= kTolerance);
        QVERIFY(relativeDifference(logits[3], logits[1]) <= kTolerance);
    }

    void theNumbersOfACardAreTheFixtures_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"gqa_tied", "mha_untied", "llama3_rope", "nf4", "int8"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void theNumbersOfACardAreTheFixtures() {
        if (!at::hasCUDA()) QSKIP("libtorch finds no CUDA device: no card, no driver, or no CUDA component");
        QFETCH(const QString, name);
        const Fixture fixture(name.toStdString());
        const auto plain = checked(loadDecoder(fixture.folder(), at::kFloat, {}, {}, LayerPath::Plain));
        const Batch batch = makeInferenceBatch(fixture.longRow(), 0);
        for (std::int64_t layers = 1; layers <= plain->layerCount(); ++layers) {
            const auto placed = placeDecoder(*plain, {at::kCUDA, layers});
            Products products;
            const auto logits = toVector(
                placed->logits(placed->hidden(batch, nullptr, nullptr, products), products).flatten());
            QVERIFY(relativeDifference(logits, fixture.tensor("base.logits")) <= kTolerance);
        }
    }

    void theGradientsOfACardAreTheProcessors() {
        if (!at::hasCUDA()) QSKIP("libtorch finds no CUDA device: no card, no driver, or no CUDA component");
        const auto plain = decoder();
        const auto rows = rowsOf(kLengths, 3);
        Workspace workspace;
        const Passed expected = pass(*plain, rows, adapterOf(*plain, {"all-linear"}, 0.25), 1, workspace);
        for (std::int64_t layers = 1; layers <= plain->layerCount(); ++layers) {
            const auto placed = placeDecoder(*plain, {at::kCUDA, layers});
            const LoraSet lora = adapterOf(*placed, {"all-linear"}, 0.25);
            const Passed found = pass(*placed, rows, lora, 1, workspace);
            QVERIFY(std::abs(found.loss - expected.loss) <= kTolerance * expected.loss);
            QVERIFY(relativeDifference(found.gradients, expected.gradients) <= 1e-4);
        }
    }
};

QTEST_GUILESS_MAIN(TestDevices)
#include "test_devices.moc"
