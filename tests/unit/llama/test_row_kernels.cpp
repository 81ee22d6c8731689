// The row kernels of every instruction set that this machine can run, against the same formulas in double.
#include "kernel_values.h"
#include "llama/kernels/product_types.h"
#include "llama/kernels/row_kernels.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

template <typename T>
const RowKernels<T>& kernelsOf(int level) {
    setCpuLevel(static_cast<CpuLevel>(level));
    return rowKernels<T>();
}

constexpr std::int64_t kRows = 5;
constexpr std::int64_t kWidth = 43; // no multiple of any number of lanes
constexpr auto kCount = static_cast<std::size_t>(kRows * kWidth);
constexpr double kEps = 1e-5;

template <typename T>
void checkRmsNorm(const RowKernels<T>& kernels) {
    Buffer<T> x(draw(kCount, 1)), weight(draw(kWidth, 2)), dy(draw(kCount, 3)), dx(draw(kCount, 4));
    Buffer<T> out(kCount);
    std::vector<float> inverse(kRows);
    kernels.rmsNorm(0, kRows, kWidth, x.data(), weight.data(), static_cast<float>(kEps), out.data(),
                    inverse.data());
    const Values xs = x.values(), ws = weight.values(), ds = dy.values(), before = dx.values();
    kernels.rmsNormBackward(0, kRows, kWidth, dy.data(), x.data(), weight.data(), inverse.data(), dx.data());
    Values expected(kCount), gradient(kCount);
    for (std::size_t row = 0; row < kRows; ++row) {
        double squares = 0.0, dots = 0.0;
        for (std::size_t i = 0; i < kWidth; ++i) {
            const std::size_t at = row * kWidth + i;
            squares += xs[at] * xs[at];
            dots += ds[at] * ws[i] * xs[at];
        }
        const double r = 1.0 / std::sqrt(squares / kWidth + kEps);
        QVERIFY(std::abs(static_cast<double>(inverse[row]) - r) <= 1e-5 * r);
        for (std::size_t i = 0; i < kWidth; ++i) {
            const std::size_t at = row * kWidth + i;
            expected[at] = xs[at] * r * ws[i];
            gradient[at] = before[at] + r * ds[at] * ws[i] - r * r * r / kWidth * dots * xs[at];
        }
    }
    QCOMPARE(difference<T>(out.values(), expected), QByteArray());
    QCOMPARE(difference<T>(dx.values(), gradient, 1e-5), QByteArray());
}

template <typename T>
void checkHeads(const RowKernels<T>& kernels) {
    constexpr HeadShape kShape{kRows, 2, 3, 10};
    constexpr std::int64_t kHeadsWidth = 60;
    constexpr std::int64_t kStride = 64;
    const Values drawn = draw(kRows * kStride, 5);
    Buffer<T> rows(drawn), heads(kRows * kHeadsWidth), back(kRows * kStride);
    std::vector<float> cos, sin;
    for (std::int64_t t = 0; t < kRows; ++t)
        for (std::int64_t i = 0; i < 5; ++i) {
            cos.push_back(std::cos(static_cast<float>(t) * 0.3F + static_cast<float>(i)));
            sin.push_back(std::sin(static_cast<float>(t) * 0.3F + static_cast<float>(i)));
        }
    kernels.scatterHeads(0, kRows, kShape, rows.data(), kStride, cos.data(), sin.data(), heads.data());
    const Values from = rows.values();
    Values expected(kRows * kHeadsWidth);
    for (std::size_t t = 0; t < kRows; ++t)
        for (std::size_t head = 0; head < 6; ++head)
            for (std::size_t i = 0; i < 5; ++i) {
                const std::size_t source = t * kStride + head * 10 + i;
                const std::size_t target = (((head / 3) * kRows + t) * 3 + head % 3) * 10 + i;
                const double c = read(stored<T>(static_cast<double>(cos[t * 5 + i])));
                const double s = read(stored<T>(static_cast<double>(sin[t * 5 + i])));
                expected[target] = from[source] * c - from[source + 5] * s;
                expected[target + 5] = from[source + 5] * c + from[source] * s;
            }
    QCOMPARE(difference<T>(heads.values(), expected, 1e-5), QByteArray());

    // Copied there and back, rows are what they were; what lies between them is not touched.
    kernels.scatterHeads(0, kRows, kShape, rows.data(), kStride, nullptr, nullptr, heads.data());
    kernels.gatherHeads(0, kRows, kShape, heads.data(), nullptr, nullptr, back.data(), kStride);
    for (std::size_t t = 0; t < kRows; ++t)
        for (std::size_t i = 0; i < kStride; ++i) {
            const double value = back.values()[t * kStride + i];
            QVERIFY(i < kHeadsWidth ? value == from[t * kStride + i] : std::isnan(value));
        }
    // Rotated and rotated back: the transposed matrix, so the same up to rounding.
    kernels.scatterHeads(0, kRows, kShape, rows.data(), kStride, cos.data(), sin.data(), heads.data());
    kernels.gatherHeads(0, kRows, kShape, heads.data(), cos.data(), sin.data(), back.data(), kStride);
    for (std::size_t t = 0; t < kRows; ++t)
        for (std::size_t i = 0; i < kHeadsWidth; ++i)
            QVERIFY(std::abs(back.values()[t * kStride + i] - from[t * kStride + i]) <= 8 * kStep<T>);
}

double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

template <typename T>
void checkSwiglu(const RowKernels<T>& kernels) {
    Values extremes = draw(kCount, 6, 6.0);
    extremes[0] = 100.0;
    extremes[1] = -100.0;
    extremes[2] = 0.0;
    Buffer<T> gate(extremes), up(draw(kCount, 7)), dout(draw(kCount, 8)), out(kCount);
    const Values g = gate.values(), u = up.values(), d = dout.values();
    kernels.swiglu(0, kCount, gate.data(), up.data(), out.data());
    kernels.swigluBackward(0, kCount, dout.data(), gate.data(), up.data());
    Values expected, dgate, dup;
    for (std::size_t i = 0; i < kCount; ++i) {
        const double s = sigmoid(g[i]);
        expected.push_back(g[i] * s * u[i]);
        dup.push_back(d[i] * g[i] * s);
        dgate.push_back(d[i] * u[i] * s * (1.0 + g[i] * (1.0 - s)));
    }
    QCOMPARE(difference<T>(out.values(), expected), QByteArray());
    QCOMPARE(difference<T>(up.values(), dup), QByteArray());
    QCOMPARE(difference<T>(gate.values(), dgate), QByteArray());
}

/// Draw by draw what core/philox.h says.
template <typename T>
void checkDropout(const RowKernels<T>& kernels) {
    constexpr std::int64_t kChannels = 301;
    constexpr std::int64_t kStride = keepBytes(kChannels);
    constexpr DropoutMask kMask{{0x1234567, 89}, 41, 20000, 1.0F / (1.0F - 20000.0F / 65536.0F)};
    const std::vector<TokenPlace> places{{0, 0}, {3, 1}, {3, 70000}};
    std::vector<std::uint8_t> bits(3 * kStride);
    kernels.drawKeepBits(0, 3, kChannels, places.data(), kMask, bits.data(), kStride);
    for (std::size_t row = 0; row < places.size(); ++row)
        for (std::uint32_t i = 0; i < kChannels; ++i) {
            const auto words = philox4x32({i / 8, places[row].position, places[row].row, kMask.site},
                                          {kMask.key[0], kMask.key[1]});
            const std::uint32_t drawn = (words[i % 8 / 2] >> (16 * (i % 2))) & 0xffffU;
            const bool isKept = (bits[row * kStride + i / 8] >> (i % 8) & 1) != 0;
            QCOMPARE(isKept, drawn >= kMask.threshold);
        }
}

template <typename T>
void checkTransposeAndRound(const RowKernels<T>& kernels) {
    const Values drawn = draw(kCount, 19);
    const std::vector<float> values(drawn.begin(), drawn.end());
    Buffer<T> rounded(kCount), turned(kCount);
    kernels.round(0, kCount, values.data(), rounded.data());
    kernels.transpose(0, kWidth, kRows, kWidth, rounded.data(), turned.data());
    for (std::size_t row = 0; row < kRows; ++row)
        for (std::size_t i = 0; i < kWidth; ++i) {
            QCOMPARE(read(rounded.elements[row * kWidth + i]), read(stored<T>(drawn[row * kWidth + i])));
            QCOMPARE(read(turned.elements[i * kRows + row]), read(rounded.elements[row * kWidth + i]));
        }
}

template <typename T>
void checkCrossEntropy(const RowKernels<T>& kernels) {
    Buffer<T> logits(draw(kCount, 11, 30.0)), untouched = logits;
    const Values z = logits.values();
    const std::vector<std::int64_t> targets{0, 42, 16, 15, 7};
    std::vector<double> loss(kRows), alone(kRows);
    const float scale = 0.25F;
    kernels.crossEntropy(0, kRows, kWidth, untouched.data(), targets.data(), nullptr, alone.data());
    QVERIFY(untouched.values() == z);
    kernels.crossEntropy(0, kRows, kWidth, logits.data(), targets.data(), &scale, loss.data());
    QVERIFY(loss == alone);
    Values gradient;
    for (std::size_t row = 0; row < kRows; ++row) {
        double total = 0.0;
        for (std::size_t i = 0; i < kWidth; ++i)
            total += std::exp(z[row * kWidth + i]);
        const auto target = static_cast<std::size_t>(targets[row]);
        const double expected = std::log(total) - z[row * kWidth + target];
        QVERIFY(std::abs(loss[row] - expected) <= 1e-5 * std::max(1.0, expected));
        for (std::size_t i = 0; i < kWidth; ++i)
            gradient.push_back(0.25 * (std::exp(z[row * kWidth + i]) / total - (i == target ? 1.0 : 0.0)));
    }
    QCOMPARE(difference<T>(logits.values(), gradient), QByteArray());
}

template <typename T>
void checkAddScaled(const RowKernels<T>& kernels) {
    Buffer<T> values(draw(kCount, 17));
    Buffer<float> sums(draw(kCount, 18));
    Values expected = sums.values();
    for (std::size_t i = 2; i < kCount; ++i)
        expected[i] += 0.5 * values.values()[i];
    kernels.addScaled(2, kCount, 0.5F, values.data(), sums.data());
    QCOMPARE(difference<float>(sums.values(), expected), QByteArray());
}

} // namespace

class TestRowKernels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyLevelComputesTheFormulas_data() { addLevels(); }
    void everyLevelComputesTheFormulas() {
        QFETCH(int, level);
        const auto check = [](const auto& kernels) {
            checkRmsNorm(kernels);
            checkHeads(kernels);
            checkSwiglu(kernels);
            checkDropout(kernels);
            checkTransposeAndRound(kernels);
            checkCrossEntropy(kernels);
            checkAddScaled(kernels);
        };
        check(kernelsOf<float>(level));
        check(kernelsOf<Bfloat16>(level));
    }

    void whatIsNotANumberStaysSo_data() { addLevels(); }
    void whatIsNotANumberStaysSo() {
        QFETCH(int, level);
        const auto& kernels = kernelsOf<Bfloat16>(level);
        Values values = draw(kWidth, 12);
        values[20] = std::numeric_limits<double>::quiet_NaN();
        Buffer<Bfloat16> x(values), weight(draw(kWidth, 13)), out(kWidth);
        float inverse = 0.0F;
        kernels.rmsNorm(0, 1, kWidth, x.data(), weight.data(), 1e-5F, out.data(), &inverse);
        for (const double value : out.values())
            QVERIFY(std::isnan(value));
        const std::vector<std::int64_t> targets{0};
        double loss = 0.0;
        kernels.crossEntropy(0, 1, kWidth, x.data(), targets.data(), nullptr, &loss);
        QVERIFY(std::isnan(loss));
    }

    void numbersBeyondTheRangeEndAsInTheFormulas_data() { addLevels(); }
    void numbersBeyondTheRangeEndAsInTheFormulas() {
        QFETCH(int, level);
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        const auto& kernels = kernelsOf<float>(level);
        Buffer<float> gate(Values{kInfinity, -kInfinity, NAN, -100.0}), up(Values{1.0, 1.0, 1.0, 1.0});
        Buffer<float> out(std::size_t{4});
        kernels.swiglu(0, 4, gate.data(), up.data(), out.data());
        QVERIFY(out.values()[0] == kInfinity && std::isnan(out.values()[1]) && std::isnan(out.values()[2]));
        QVERIFY(std::abs(out.values()[3]) < 1e-37);
    }

    void onlyTheRowsThatAreNamedAreTouched_data() { addLevels(); }
    void onlyTheRowsThatAreNamedAreTouched() {
        QFETCH(int, level);
        const auto& kernels = kernelsOf<float>(level);
        Buffer<float> gate(draw(kCount, 14)), up(draw(kCount, 15)), out(kCount);
        kernels.swiglu(3, 11, gate.data(), up.data(), out.data());
        for (std::size_t i = 0; i < kCount; ++i)
            QCOMPARE(std::isnan(out.values()[i]), i < 3 || i >= 11);
    }
};

QTEST_GUILESS_MAIN(TestRowKernels)
#include "test_row_kernels.moc"
