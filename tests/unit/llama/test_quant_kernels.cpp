// Quantising and reading back on every instruction set that this machine can run, against bitsandbytes' own
// numbers and the plain way of formats/.
#include <cmath>

#include <QtTest>

#include "core/error_codes.h"
#include "core/philox.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/half.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/tensor_values.h"
#include "llama/kernels/quant_kernels.h"
#include "llama/kernels/vector_kernels.h"
#include "llama/quant/quantise.h"

using namespace llamahome;
using namespace llamahome::engine;
using formats::DType;
using formats::Quantisation;
using formats::TensorInfo;

namespace {

std::unique_ptr<formats::TensorSource> fixtureModel() {
    auto stored = formats::SafetensorsReader::open(std::filesystem::path(LLAMAHOME_TEST_DATA) / "formats" /
                                                   "bitsandbytes.safetensors");
    return std::move(*formats::QuantisedWeights::over(std::move(*stored), "model"));
}

std::vector<std::byte> bytesOf(formats::TensorSource& source, const std::string& name) {
    const TensorInfo& tensor = *source.find(name);
    std::vector<std::byte> bytes(tensor.byteSize());
    if (auto read = source.read(tensor, bytes); !read) qFatal("%s", read.error().message.c_str());
    return bytes;
}

/// Normal-like weights of that many elements; the same for the same seed.
std::vector<float> draw(std::size_t count, std::uint64_t seed) {
    PhiloxStream stream(seed, 0);
    std::vector<float> values(count);
    for (float& value : values)
        value = 0.04F * (stream.nextUniform() + stream.nextUniform() + stream.nextUniform() - 1.5F);
    return values;
}

formats::QuantisedMatrix quantised(Quantisation format, std::int64_t rows, std::int64_t columns,
                                   const std::vector<float>& values) {
    auto matrix = quantise(format, {"w", DType::F32, {rows, columns}}, std::as_bytes(std::span(values)), {});
    if (!matrix) qFatal("%s", matrix.error().message.c_str());
    return std::move(*matrix);
}

template <typename T>
float widened(T value) {
    if constexpr (sizeof(T) == 2)
        return formats::bfloat16ToFloat(value.bits);
    else
        return value;
}

template <typename T>
void checkPart(const QuantisedView& view, const MatrixPart& part) {
    const auto width = static_cast<std::size_t>(part.columnEnd - part.columnBegin);
    const std::size_t stride = width + 3;
    const auto rows = static_cast<std::size_t>(part.rowEnd - part.rowBegin);
    constexpr float kUntouched = 77.0F;
    T untouched{};
    if constexpr (sizeof(T) == 2)
        untouched.bits = formats::floatToBfloat16(kUntouched);
    else
        untouched = kUntouched;
    std::vector<T> out(rows * stride, untouched);
    quantKernels<T>().unpack(view, part, out.data(), static_cast<std::int64_t>(stride));
    std::vector<float> expected(width);
    for (std::size_t row = 0; row < rows; ++row) {
        const auto from = (part.rowBegin + static_cast<std::int64_t>(row)) * view.columns + part.columnBegin;
        formats::dequantise(view, static_cast<std::uint64_t>(from), expected);
        for (std::size_t i = 0; i < stride; ++i) {
            float value = i < width ? expected[i] : kUntouched;
            if (sizeof(T) == 2) value = formats::bfloat16ToFloat(formats::floatToBfloat16(value));
            QCOMPARE(widened(out[row * stride + i]), value);
        }
    }
}

/// Rows of activations, kMaxVectorRows of them with gaps in between.
template <typename T>
std::vector<T> drawActivations(std::size_t stride) {
    std::vector<T> x;
    for (const float value : draw(kMaxVectorRows * stride, 6))
        if constexpr (sizeof(T) == 2)
            x.push_back({formats::floatToBfloat16(value)});
        else
            x.push_back(value);
    return x;
}

/// [rows, view.rows]; 77 for the matrix's first row, which is not asked for.
template <typename T>
std::vector<float> multiplied(const QuantisedView& view, const VectorRows<T>& x) {
    std::vector<float> sums(static_cast<std::size_t>(x.count * view.rows), 77.0F);
    std::vector<float> arranged(static_cast<std::size_t>(x.count * view.columns));
    vectorKernels<T>().multiplyQuantised(1, view.rows, view, x, arranged.data(), sums.data(), view.rows);
    return sums;
}

/// Every number of rows of activations.
template <typename T>
void checkProducts(const QuantisedView& view) {
    const auto in = static_cast<std::size_t>(view.columns);
    const auto outs = static_cast<std::size_t>(view.rows);
    std::vector<float> weights(in * outs);
    formats::dequantise(view, 0, weights);
    const std::size_t stride = in + 3;
    const std::vector<T> x = drawActivations<T>(stride);
    constexpr double kStep = sizeof(T) == 2 ? 1.0 / 256.0 : 1e-6; // of the values' rounding
    for (std::int64_t rows = 1; rows <= kMaxVectorRows; ++rows) {
        const auto sums = multiplied<T>(view, {x.data(), rows, static_cast<std::int64_t>(stride)});
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const std::size_t row = i / outs, out = i % outs;
            double sum = 0.0, magnitude = 0.0;
            for (std::size_t k = 0; k < in; ++k) {
                const double product = static_cast<double>(weights[out * in + k]) *
                                       static_cast<double>(widened(x[row * stride + k]));
                sum += product;
                magnitude += std::abs(product);
            }
            if (out == 0)
                QCOMPARE(sums[i], 77.0F); // no output of the caller's
            else
                QVERIFY2(std::abs(static_cast<double>(sums[i]) - sum) <= kStep * magnitude,
                         QByteArray::number(static_cast<double>(sums[i]) - sum));
        }
    }
}

/// Bit for bit, so that a text of a batch is the one that its prompt gives alone.
template <typename T>
void checkRowsAreThoseAlone(const QuantisedView& view) {
    const std::int64_t stride = view.columns + 3;
    const std::vector<T> x = drawActivations<T>(static_cast<std::size_t>(stride));
    for (std::int64_t rows = 2; rows <= kMaxVectorRows; ++rows) {
        const auto together = multiplied<T>(view, {x.data(), rows, stride});
        for (std::int64_t row = 0; row < rows; ++row) {
            const auto alone = multiplied<T>(view, {x.data() + row * stride, 1, stride});
            QVERIFY(std::equal(alone.begin(), alone.end(), together.begin() + row * view.rows));
        }
    }
}

void addLevels() {
    QTest::addColumn<int>("level");
    for (const CpuLevel level : cpuLevels())
        QTest::newRow(std::string(cpuLevelName(level)).c_str()) << static_cast<int>(level);
}

void useLevel() {
    QFETCH(int, level);
    setCpuLevel(static_cast<CpuLevel>(level));
}

} // namespace

class TestQuantKernels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { setCpuLevel(bestCpuLevel()); }

    void codesAndScalesAreBitsandbytesOwn_data() { addLevels(); }
    void codesAndScalesAreBitsandbytesOwn() {
        useLevel();
        const auto model = fixtureModel();
        for (const std::string name : {"many_blocks", "odd", "outliers", "half"}) {
            TensorInfo tensor = *model->find(name + ".values");
            const auto values = bytesOf(*model, tensor.name);
            const auto elements = static_cast<std::size_t>(tensor.elementCount());
            const auto reference = [&](const std::string& kind) {
                return *model->quantised()->matrix(*model->find(kind + name + ".weight"));
            };
            const auto nf4 = quantise(Quantisation::Nf4, tensor, values, {});
            const auto int8 = quantise(Quantisation::Int8, tensor, values, {});
            QVERIFY(nf4 && int8);
            const auto nestedMatrix = reference("nf4."), rowsMatrix = reference("int8.");
            const QuantisedView &nested = nestedMatrix.view, &rows = rowsMatrix.view;
            const std::size_t blocks = (elements + 63) / 64;
            QVERIFY(std::equal(nested.codes, nested.codes + (elements + 1) / 2, nf4->view.codes));
            QVERIFY(std::equal(nested.absmaxCodes, nested.absmaxCodes + blocks, nf4->view.absmaxCodes));
            // The mean of the scales is summed in another order; what is left of them follows from it.
            const float allowed = 1e-6F * nested.nestedOffset;
            QVERIFY(std::abs(nested.nestedOffset - nf4->view.nestedOffset) <= allowed);
            for (std::size_t i = 0; i < (blocks + 255) / 256; ++i)
                QVERIFY(std::abs(nested.nestedAbsmax[i] - nf4->view.nestedAbsmax[i]) <= allowed);
            QVERIFY(std::equal(rows.codes, rows.codes + elements, int8->view.codes));
            QVERIFY(std::equal(rows.absmax, rows.absmax + rows.rows, int8->view.absmax));
        }
    }

    void everyPartIsWhatThePlainWayGives_data() { addLevels(); }
    void everyPartIsWhatThePlainWayGives() {
        useLevel();
        struct Shape {
            std::int64_t rows, columns;
        };
        for (const auto& [rows, columns] : {Shape{3, 43}, Shape{4, 64}, Shape{7, 200}, Shape{40, 576}}) {
            const auto values = draw(static_cast<std::size_t>(rows * columns), 3);
            for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
                const auto matrix = quantised(format, rows, columns, values);
                for (const MatrixPart& part :
                     {MatrixPart{0, rows, 0, columns}, MatrixPart{1, rows, 5, columns - 2},
                      MatrixPart{rows - 1, rows, columns - 1, columns}, MatrixPart{0, 2, 17, 18}}) {
                    checkPart<float>(matrix.view, part);
                    checkPart<Bfloat16>(matrix.view, part);
                }
            }
        }
    }

    void productsAreThoseOfTheValues_data() { addLevels(); }
    void productsAreThoseOfTheValues() {
        useLevel();
        for (const std::int64_t columns : {43, 64, 200, 320}) { // whole lines and blocks, and not
            const auto values = draw(static_cast<std::size_t>(11 * columns), 3);
            for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
                const auto matrix = quantised(format, 11, columns, values);
                checkProducts<float>(matrix.view);
                checkProducts<Bfloat16>(matrix.view);
            }
        }
    }

    void productsOfManyBlocksAreThoseOfTheValues_data() { addLevels(); }
    void productsOfManyBlocksAreThoseOfTheValues() {
        useLevel();
        constexpr std::int64_t kRows = 38, kColumns = 1088; // scales' scales change within rows
        const auto values = draw(kRows * kColumns, 3);
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
            const auto matrix = quantised(format, kRows, kColumns, values);
            checkProducts<float>(matrix.view);
            checkProducts<Bfloat16>(matrix.view);
        }
    }

    void rowsTogetherAreThoseAlone_data() { addLevels(); }
    void rowsTogetherAreThoseAlone() {
        useLevel();
        const auto values = draw(33 * 320, 3); // 32 rows are asked for: threads have multiples of 16
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
            const auto matrix = quantised(format, 33, 320, values);
            checkRowsAreThoseAlone<float>(matrix.view);
            checkRowsAreThoseAlone<Bfloat16>(matrix.view);
        }
    }

    void scalesThatAreNotNestedAndLargerBlocksAreRead_data() { addLevels(); }
    void scalesThatAreNotNestedAndLargerBlocksAreRead() {
        useLevel();
        const auto model = fixtureModel();
        auto matrix = *model->quantised()->matrix(*model->find("plain.many_blocks.weight"));
        QuantisedView& view = matrix.view;
        checkPart<Bfloat16>(view, {0, view.rows, 0, view.columns});
        checkProducts<float>(view);
        view.block = 256; // the scales then stand for other elements, of which there are enough
        checkProducts<float>(view);
        checkPart<Bfloat16>(view, {0, view.rows, 0, view.columns});
        checkPart<float>(view, {3, 9, 100, 300});
    }

    void errorsStayWithinHalfAStep_data() { addLevels(); }
    void errorsStayWithinHalfAStep() {
        useLevel();
        constexpr std::int64_t kRows = 64, kColumns = 320;
        const auto values = draw(kRows * kColumns, 5);
        std::vector<float> back(values.size());
        const auto int8 = quantised(Quantisation::Int8, kRows, kColumns, values);
        formats::dequantise(int8.view, 0, back);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const float step = int8.view.absmax[i / kColumns] / 127.0F;
            QVERIFY(std::abs(back[i] - values[i]) <= 0.5001F * step);
        }
        // NF4: half of the widest gap of its book, and what nesting does to the scale.
        const auto nf4 = quantised(Quantisation::Nf4, kRows, kColumns, values);
        formats::dequantise(nf4.view, 0, back);
        double error = 0.0, power = 0.0;
        for (std::size_t block = 0; block < values.size(); block += 64) {
            float most = 0.0F;
            for (std::size_t i = block; i < block + 64; ++i)
                most = std::max(most, std::abs(values[i]));
            for (std::size_t i = block; i < block + 64; ++i) {
                QVERIFY(std::abs(back[i] - values[i]) <= 0.17F * most);
                error += std::pow(static_cast<double>(back[i] - values[i]), 2);
                power += std::pow(static_cast<double>(values[i]), 2);
            }
        }
        QVERIFY2(std::sqrt(error / power) < 0.1, qPrintable(QString::number(std::sqrt(error / power))));
    }

    void zerosStayZeros_data() { addLevels(); }
    void zerosStayZeros() {
        useLevel();
        std::vector<float> values(4 * 80, 0.0F);
        values[3] = 2.0F;
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
            const auto matrix = quantised(format, 4, 80, values);
            std::vector<float> back(values.size());
            formats::dequantise(matrix.view, 0, back);
            QVERIFY(std::all_of(back.begin() + 64, back.end(), [](float value) { return value == 0.0F; }));
        }
    }

    void piecesOfWorkMakeNoDifference() {
        constexpr std::int64_t kRows = 300, kColumns = 1000; // several pieces, the last of them short
        const auto values = draw(kRows * kColumns, 9);
        const TensorInfo tensor{"w", DType::F32, {kRows, kColumns}};
        const formats::ParallelFor backwards = [](std::size_t count, const auto& work) -> Result<void> {
            while (count > 0)
                work(--count);
            return {};
        };
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
            const auto one = quantised(format, kRows, kColumns, values);
            const auto other = quantise(format, tensor, std::as_bytes(std::span(values)), backwards);
            std::vector<float> first(values.size()), second(values.size());
            formats::dequantise(one.view, 0, first);
            formats::dequantise(other->view, 0, second);
            QCOMPARE(first, second);
        }
    }

    void numbersThatAreNotFiniteAreRefusedByTheirTensor_data() {
        QTest::addColumn<float>("value");
        QTest::newRow("NaN") << std::numeric_limits<float>::quiet_NaN();
        QTest::newRow("infinity") << -std::numeric_limits<float>::infinity();
    }
    void numbersThatAreNotFiniteAreRefusedByTheirTensor() {
        QFETCH(float, value);
        for (const CpuLevel level : cpuLevels()) {
            setCpuLevel(level);
            std::vector<float> values = draw(3 * 70, 1);
            values[100] = value;
            for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
                const auto matrix =
                    quantise(format, {"w", DType::F32, {3, 70}}, std::as_bytes(std::span(values)), {});
                QVERIFY(!matrix);
                QCOMPARE(matrix.error().code, codes::kNonFiniteWeights);
            }
        }
    }

    void theBytesOfAMatrixAreForetold() {
        QCOMPARE(quantisedBytes(Quantisation::Int8, 10, 64), std::uint64_t{680});
        QCOMPARE(quantisedBytes(Quantisation::Nf4, 4096, 4096), std::uint64_t{8388608 + 262144 + 4096});
    }
};

QTEST_APPLESS_MAIN(TestQuantKernels)
#include "test_quant_kernels.moc"
