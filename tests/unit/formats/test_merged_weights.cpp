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
            const float largest = *std::max_element(reference.begin(), reference.end());
            const double least = double{largest} / 16; // what small values are summed from
            for (std::size_t i = 0; i < values.size(); ++i) {
                const double off = std::abs(double{values[i]} - double{reference[i]});
                QVERIFY2(off <= tolerance * std::max(std::abs(double{reference[i]}), least),
                         wanted.name.c_str());
                changed += values[i] != plain[i] ? 1 : 0;
                different += off > 0 ? 1 : 0;
                ++all;
            }
        }
        QVERIFY(changed > all / 4); // the adapter does something
        if (tolerance > 1e-3) QVERIFY2(different * 1000 < all, "more than a rare half-way case is off");
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
