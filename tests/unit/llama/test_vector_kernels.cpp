// The vector kernels of every instruction set that this machine can run, against the same formulas in double.
#include <algorithm>
#include <cmath>

#include <QtTest>

#include "kernel_values.h"
#include "llama/kernels/vector_kernels.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

template <typename T>
const VectorKernels<T>& kernelsOf(int level) {
    setCpuLevel(static_cast<CpuLevel>(level));
    return vectorKernels<T>();
}

constexpr std::int64_t kOuts = 21; // no multiple of what is computed at once

/// Every number of rows, over widths around what one instruction and one cache line take.
template <typename T>
void checkMultiply(const VectorKernels<T>& kernels) {
    for (const std::int64_t in : {std::int64_t{1}, std::int64_t{31}, std::int64_t{64}, std::int64_t{203}})
        for (std::int64_t rows = 1; rows <= kMaxVectorRows; ++rows) {
            const std::int64_t stride = in + 3;
            const auto count = static_cast<std::size_t>(rows * kOuts);
            Buffer<T> weight(draw(static_cast<std::size_t>(kOuts * in), 1));
            Buffer<T> x(draw(static_cast<std::size_t>(rows * stride), 2));
            Buffer<float> sums(count);
            kernels.multiply(2, kOuts, {weight.data(), in}, {x.data(), rows, stride}, sums.data(), kOuts);
            const Values w = weight.values(), xs = x.values(), found = sums.values();
            for (std::size_t i = 0; i < count; ++i) {
                const auto row = static_cast<std::int64_t>(i) / kOuts;
                const auto out = static_cast<std::int64_t>(i) % kOuts;
                if (out < 2) {
                    QVERIFY(std::isnan(found[i])); // no output of the caller's
                    continue;
                }
                double sum = 0.0;
                for (std::int64_t k = 0; k < in; ++k)
                    sum += w[static_cast<std::size_t>(out * in + k)] *
                           xs[static_cast<std::size_t>(row * stride + k)];
                QVERIFY2(std::abs(found[i] - sum) <= 1e-4, QByteArray::number(found[i] - sum));
            }
        }
}

template <typename T>
void checkFinish(const VectorKernels<T>& kernels) {
    constexpr std::int64_t kRank = 3;
    constexpr auto kCount = static_cast<std::size_t>(kOuts);
    Buffer<float> sums(draw(kCount, 3));
    Buffer<T> bias(draw(kCount, 4)), adapterBias(draw(kCount, 5)), low(draw(kRank, 6)),
        residual(draw(kCount, 7));
    Buffer<T> lowB(draw(kRank * kCount, 8)), out(kCount);
    const float scale = 1.5F;
    kernels.finish(1, kOuts, kOuts, sums.data(), {}, out.data());
    for (std::size_t i = 0; i < kCount; ++i) {
        const double expected = read(stored<T>(sums.values()[i]));
        QVERIFY(i < 1 ? std::isnan(out.values()[i]) : out.values()[i] == expected);
    }
    kernels.finish(0, kOuts, kOuts, sums.data(),
                   {bias.data(), adapterBias.data(), low.data(), lowB.data(), kRank, scale, residual.data()},
                   out.data());
    Values expected;
    const auto rounded = [](double value) { return read(stored<T>(value)); };
    for (std::size_t i = 0; i < kCount; ++i) {
        double product = 0.0;
        for (std::size_t r = 0; r < kRank; ++r)
            product += lowB.values()[r * kCount + i] * low.values()[r];
        double value = rounded(sums.values()[i] + bias.values()[i]);
        value = rounded(value + adapterBias.values()[i]);
        value = rounded(value + rounded(rounded(product) * static_cast<double>(scale)));
        expected.push_back(value + residual.values()[i]);
    }
    QCOMPARE(difference<T>(out.values(), expected, 1e-2 * kStep<T>), QByteArray());
}

/// The context cut at one place and not cut, for one to nine queries a key head.
template <typename T>
void checkAttention(const VectorKernels<T>& kernels) {
    constexpr std::int64_t kContext = 150; // more than two tiles of tokens
    for (const std::int64_t size : {std::int64_t{10}, std::int64_t{64}, std::int64_t{72}})
        for (std::int64_t queries = 1; queries <= 9; ++queries) {
            const auto wide = static_cast<std::size_t>(size);
            Buffer<T> q(draw(static_cast<std::size_t>(queries) * wide, 9));
            Buffer<T> k(draw(kContext * wide, 10)), v(draw(kContext * wide, 11));
            const VectorAttention<T> head{q.data(), k.data(), v.data(), queries, size, 0.3F};
            const Values queriesRead = q.values(), keys = k.values(), values = v.values();
            Values expected;
            for (std::size_t query = 0; query < static_cast<std::size_t>(queries); ++query) {
                Values weights(kContext);
                double total = 0.0;
                for (std::size_t t = 0; t < kContext; ++t) {
                    double score = 0.0;
                    for (std::size_t i = 0; i < wide; ++i)
                        score += queriesRead[query * wide + i] * keys[t * wide + i];
                    weights[t] = std::exp(static_cast<double>(head.scale) * score);
                    total += weights[t];
                }
                for (std::size_t i = 0; i < wide; ++i) {
                    double sum = 0.0;
                    for (std::size_t t = 0; t < kContext; ++t)
                        sum += weights[t] * values[t * wide + i];
                    expected.push_back(sum / total);
                }
            }
            for (const std::int64_t cut : {std::int64_t{0}, std::int64_t{1}, std::int64_t{97}}) {
                std::vector<float> parts(static_cast<std::size_t>(2 * head.partFloats()));
                Buffer<T> out(q.elements.size());
                if (cut > 0) kernels.attend(0, cut, head, parts.data());
                kernels.attend(cut, kContext, head, parts.data() + (cut > 0 ? head.partFloats() : 0));
                kernels.joinParts(cut > 0 ? 2 : 1, head, parts.data(), out.data());
                QCOMPARE(difference<T>(out.values(), expected, 1e-5), QByteArray());
            }
        }
}

} // namespace

class TestVectorKernels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyLevelComputesTheFormulas_data() { addLevels(); }
    void everyLevelComputesTheFormulas() {
        QFETCH(int, level);
        const auto check = [](const auto& kernels) {
            checkMultiply(kernels);
            checkFinish(kernels);
            checkAttention(kernels);
        };
        check(kernelsOf<float>(level));
        check(kernelsOf<Bfloat16>(level));
    }

    void scoresFarApartDoNotOverflow_data() { addLevels(); }
    void scoresFarApartDoNotOverflow() {
        QFETCH(int, level);
        const auto& kernels = kernelsOf<float>(level);
        const std::vector<float> q{1.0F}, k{-300.0F, 500.0F, 499.0F, -1e30F}, v{7.0F, 1.0F, 2.0F, 9.0F};
        const VectorAttention<float> head{q.data(), k.data(), v.data(), 1, 1, 1.0F};
        std::vector<float> parts(static_cast<std::size_t>(2 * head.partFloats()));
        kernels.attend(0, 1, head, parts.data());
        kernels.attend(1, 4, head, parts.data() + head.partFloats());
        float out = 0.0F;
        kernels.joinParts(2, head, parts.data(), &out);
        const double expected = (1.0 + 2.0 * std::exp(-1.0)) / (1.0 + std::exp(-1.0));
        QVERIFY(std::abs(read(out) - expected) < 1e-5);
    }

    void sumsAreRoundedInPlace_data() { addLevels(); }
    void sumsAreRoundedInPlace() {
        QFETCH(int, level);
        Buffer<float> sums(draw(kOuts, 12));
        const Values before = sums.values();
        kernelsOf<float>(level).round(0, kOuts, sums.data());
        QVERIFY(sums.values() == before);
        kernelsOf<Bfloat16>(level).round(1, kOuts, sums.data());
        for (std::size_t i = 0; i < kOuts; ++i)
            QCOMPARE(sums.values()[i], i < 1 ? before[i] : read(stored<Bfloat16>(before[i])));
    }
};

QTEST_GUILESS_MAIN(TestVectorKernels)
#include "test_vector_kernels.moc"
