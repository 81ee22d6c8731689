// Weights with an adapter added are those that peft's merge_and_unload() gives; adapters of another model are
// refused.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/half.h"
#include "formats/peft/merged_weights.h"
#include "formats/safetensors/safetensors_reader.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path parity() {
    return fs::path(LLAMAHOME_TEST_DATA) / "parity" / "gqa_tied";
}

std::vector<float> floatsOf(TensorSource& source, const TensorInfo& tensor) {
    const std::string bytes = tensorBytes(source, tensor);
    std::vector<float> values(tensor.elementCount());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (tensor.dtype == DType::F32) {
            std::memcpy(&values[i], bytes.data() + 4 * i, 4);
        } else {
            std::uint16_t bits = 0;
            std::memcpy(&bits, bytes.data() + 2 * i, 2);
            values[i] = bfloat16ToFloat(bits);
        }
    }
    return values;
}

/// A source of fp32 in bf16, as torch rounds it.
class HalvedSource final : public TensorSource {
public:
    explicit HalvedSource(TensorSource& base)
        : m_base(base)
        , m_tensors(base.tensors()) {
        for (TensorInfo& tensor : m_tensors)
            tensor.dtype = DType::BF16;
    }
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override {
        const std::vector<float> values = floatsOf(m_base, *m_base.find(tensor.name));
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::uint16_t bits = floatToBfloat16(values[i]);
            std::memcpy(out.data() + 2 * i, &bits, 2);
        }
        return {};
    }
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    TensorSource& m_base;
    std::vector<TensorInfo> m_tensors;
};

/// Largest difference in parts of a value's size: of the sum, of the weight before, from which rounding comes
/// where they cancel out, or of a sixteenth of the largest value where all of these are tiny.
double largestStep(const std::vector<float>& values, const std::vector<float>& reference,
                   const std::vector<float>& plain) {
    const double least = double{*std::max_element(reference.begin(), reference.end())} / 16;
    double largest = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double size = std::max({std::abs(double{reference[i]}), std::abs(double{plain[i]}), least});
        largest = std::max(largest, std::abs(double{values[i]} - double{reference[i]}) / size);
    }
    return largest;
}

} // namespace

class TestMergedWeights : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void areThoseOfPeft_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<QString>("merged");
        QTest::addColumn<double>("tolerance"); // of a value's size: some rounding steps of the type
        QTest::newRow("fp32") << QString::fromStdString((parity() / "model.safetensors").string())
                              << "merged_f32.safetensors" << 1e-6;
        QTest::newRow("bf16") << QString::fromStdString(fixture("unmerged_bf16.safetensors").string())
                              << "merged_bf16.safetensors" << 1.0 / 128;
    }
    void areThoseOfPeft() {
        QFETCH(const QString, base);
        QFETCH(const QString, merged);
        QFETCH(const double, tolerance);
        const auto source = SafetensorsReader::open(base.toStdString());
        const auto expected = SafetensorsReader::open(fixture(merged.toStdString()));
        const auto adapter = readPeftAdapter(parity() / "adapter");
        QVERIFY(source && expected && adapter);
        auto weights = MergedWeights::of(**source, *adapter);
        QVERIFY2(weights, weights ? "" : weights.error().message.c_str());
        std::size_t changed = 0;
        std::size_t different = 0;
        std::size_t all = 0;
        for (const TensorInfo& wanted : (*expected)->tensors()) {
            const TensorInfo* const found = weights->find(wanted.name);
            QVERIFY2(found != nullptr, wanted.name.c_str());
            const auto values = floatsOf(*weights, *found);
            const auto plain = floatsOf(**source, *(*source)->find(wanted.name));
            const auto reference = floatsOf(**expected, wanted);
            QVERIFY2(largestStep(values, reference, plain) <= tolerance, wanted.name.c_str());
            for (std::size_t i = 0; i < values.size(); ++i) {
                changed += values[i] != plain[i] ? 1 : 0;
                different += values[i] != reference[i] ? 1 : 0;
                ++all;
            }
        }
        QVERIFY(changed > all / 4); // the adapter does something
        if (tolerance > 1e-3) QVERIFY2(different * 1000 < all, "more than a rare half-way case is off");
    }

    void everyFormOfAdapterGivesWhatPeftMerges_data() {
        QTest::addColumn<QString>("form");
        for (const char* form :
             {"patterns", "patterns_rslora", "expression", "layers", "biases", "biases_lora_only"})
            QTest::newRow(form) << QString::fromLatin1(form);
    }
    void everyFormOfAdapterGivesWhatPeftMerges() {
        QFETCH(const QString, form);
        const fs::path adapters = parity().parent_path() / "adapters";
        const fs::path base = form.startsWith(u"biases") ? adapters / "biased_base" : parity();
        const auto source = SafetensorsReader::open(base / "model.safetensors");
        const auto adapter = readPeftAdapter(adapters / form.toStdString());
        const auto expected = SafetensorsReader::open(adapters / form.toStdString() / "expected.safetensors");
        QVERIFY(source && expected);
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        HalvedSource halved(**source);
        for (const bool isHalved : {false, true}) {
            TensorSource& plain = isHalved ? static_cast<TensorSource&>(halved) : **source;
            auto weights = MergedWeights::of(plain, *adapter);
            QVERIFY2(weights, weights ? "" : weights.error().message.c_str());
            std::size_t changed = 0;
            for (const TensorInfo& tensor : weights->tensors()) {
                const TensorInfo* const wanted =
                    (*expected)->find((isHalved ? "bf16." : "f32.") + tensor.name);
                const auto values = floatsOf(*weights, tensor);
                if (wanted == nullptr) {
                    QVERIFY2(values == floatsOf(plain, tensor), tensor.name.c_str());
                    continue;
                }
                ++changed;
                const double step =
                    largestStep(values, floatsOf(**expected, *wanted), floatsOf(plain, tensor));
                QVERIFY2(
                    step <= (isHalved ? 1.0 / 128 : 1e-6),
                    qPrintable(QStringLiteral("%1: %2").arg(QString::fromStdString(tensor.name)).arg(step)));
            }
            QVERIFY(changed >= 2);
        }
    }

    void aBiasThatTheModelHasNotIsRefused() {
        const auto source = SafetensorsReader::open(parity() / "model.safetensors");
        const auto adapter = readPeftAdapter(parity().parent_path() / "adapters" / "biases");
        QVERIFY(source && adapter);
        const auto merged = MergedWeights::of(**source, *adapter);
        QVERIFY(!merged && merged.error().code == codes::kMergeRefused);
        QVERIFY(contains(merged.error().message, "model.layers.0.self_attn.q_proj.bias"));
    }

    void whatDoesNotFitIsRefused() {
        const auto source = SafetensorsReader::open(parity() / "model.safetensors");
        const auto adapter = readPeftAdapter(parity() / "adapter");
        QVERIFY(source && adapter);
        PeftAdapter deeper = *adapter;
        deeper.pairs.back().module = "model.layers.9.mlp.down_proj";
        const auto missing = MergedWeights::of(**source, deeper);
        QVERIFY(!missing && missing.error().code == codes::kMergeRefused);
        QVERIFY(contains(missing.error().message, "model.layers.9.mlp.down_proj.weight"));
        PeftAdapter wider = *adapter;
        wider.pairs.front().outFeatures += 1;
        QVERIFY(!MergedWeights::of(**source, wider));
        PeftAdapter huge = *adapter;
        huge.pairs.front().loraA.front() = 3e38F;
        huge.pairs.front().loraB.front() = 3e38F;
        auto merged = MergedWeights::of(**source, huge);
        QVERIFY(merged);
        const TensorInfo& tensor = *merged->find(huge.pairs.front().module + ".weight");
        std::vector<std::byte> out(tensor.byteSize());
        const auto tooLarge = merged->read(tensor, out);
        QVERIFY(!tooLarge && tooLarge.error().code == codes::kMergeRefused);
        QVERIFY(contains(tooLarge.error().message, tensor.name));
    }
};

QTEST_GUILESS_MAIN(TestMergedWeights)
#include "test_merged_weights.moc"
