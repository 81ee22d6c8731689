// The attention kernels of every instruction set that this machine can run, against the same formulas in
// double.
#include <algorithm>

#include "kernel_values.h"
#include "llama/kernels/attention_kernels.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

std::size_t size(std::int64_t count) {
    return static_cast<std::size_t>(count);
}

/// Everything of one call, in double and as the kernels have it.
template <typename T>
struct Case {
    AttentionShape shape;
    std::int64_t firstKey;  ///< of the sequence, whose queries are all tokens
    std::int64_t keyOffset; ///< of the first token's own key
    double scale = 0.3;
    Buffer<T> q, k, v, dout;
    Values out, dq, dk, dv;

    Case(const AttentionShape& of, std::int64_t first, std::int64_t offset, double spread)
        : shape(of)
        , firstKey(first)
        , keyOffset(offset)
        , q(draw(size(of.keyHeads * of.queryRows() * of.headDim), 1, spread))
        , k(draw(size(of.keyHeads * of.keyTokens * of.headDim), 2, spread))
        , v(draw(size(of.keyHeads * of.keyTokens * of.headDim), 3))
        , dout(draw(q.elements.size(), 4))
        , out(q.elements.size(), 0.0)
        , dq(out)
        , dk(k.elements.size(), 0.0)
        , dv(dk) {
        const Values qs = q.values(), ks = k.values(), vs = v.values(), ds = dout.values();
        for (std::int64_t head = 0; head < shape.keyHeads; ++head)
            for (std::int64_t row = 0; row < shape.queryRows(); ++row)
                oneRow(head, row, qs, ks, vs, ds);
    }

    void oneRow(std::int64_t head, std::int64_t row, const Values& qs, const Values& ks, const Values& vs,
                const Values& ds) {
        const std::size_t width = size(shape.headDim);
        const std::size_t query = size(head * shape.queryRows() + row) * width;
        const std::int64_t end = row / shape.perKeyHead + keyOffset + 1;
        Values p;
        double total = 0.0, most = -1e300;
        for (std::int64_t key = firstKey; key < end; ++key) {
            const std::size_t other = size(head * shape.keyTokens + key) * width;
            double score = 0.0;
            for (std::size_t i = 0; i < width; ++i)
                score += qs[query + i] * ks[other + i];
            p.push_back(scale * score);
            most = std::max(most, p.back());
        }
        for (double& value : p)
            total += value = std::exp(value - most);
        double delta = 0.0;
        for (std::size_t n = 0; n < p.size(); ++n) {
            p[n] /= total;
            const std::size_t other =
                size(head * shape.keyTokens + firstKey + static_cast<std::int64_t>(n)) * width;
            for (std::size_t i = 0; i < width; ++i) {
                out[query + i] += p[n] * vs[other + i];
                dv[other + i] += p[n] * ds[query + i];
                delta += p[n] * vs[other + i] * ds[query + i];
            }
        }
        for (std::size_t n = 0; n < p.size(); ++n) {
            const std::size_t other =
                size(head * shape.keyTokens + firstKey + static_cast<std::int64_t>(n)) * width;
            double dp = 0.0;
            for (std::size_t i = 0; i < width; ++i)
                dp += ds[query + i] * vs[other + i];
            const double slope = scale * p[n] * (dp - delta);
            for (std::size_t i = 0; i < width; ++i) {
                dq[query + i] += slope * ks[other + i];
                dk[other + i] += slope * qs[query + i];
            }
        }
    }
};

/// The largest difference, as a part of the largest magnitude or of 1.
double apart(const Values& found, const Values& expected) {
    double most = 0.0, largest = 1.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double difference = std::abs(found[i] - expected[i]);
        if (!(difference <= most)) most = difference; // a NaN stays
        largest = std::max(largest, std::abs(expected[i]));
    }
    return most / largest;
}

Values widened(const std::vector<float>& values) {
    return {values.begin(), values.end()};
}

/// Queries in parts that end at the numbers of `ends`.
template <typename T>
void check(const AttentionShape& shape, std::int64_t firstKey, std::int64_t keyOffset, double spread,
           const std::vector<std::int64_t>& ends) {
    Case<T> expected(shape, firstKey, keyOffset, spread);
    const AttentionKernels<T>& kernels = attentionKernels<T>();
    Buffer<T> out(expected.q.elements.size()), dq(expected.q.elements.size());
    std::vector<SoftmaxRow> softmax(size(shape.keyHeads * shape.queryRows()));
    std::vector<float> dk(expected.k.elements.size()), dv(dk.size());
    const AttentionForward<T> forward{shape,
                                      static_cast<float>(expected.scale),
                                      expected.q.data(),
                                      expected.k.data(),
                                      expected.v.data(),
                                      out.data(),
                                      softmax.data()};
    const AttentionBackward<T> backward{forward, expected.dout.data(), dq.data(), dk.data(), dv.data()};
    const auto items = [&](auto work) {
        for (std::int64_t head = 0; head < shape.keyHeads; ++head) {
            std::int64_t first = 0;
            for (const std::int64_t end : ends) {
                work(AttentionItem{head, first, end, firstKey, keyOffset});
                first = end;
            }
        }
    };
    std::vector<std::byte> scratch(
        std::max(kernels.forwardScratch(shape.headDim, shape.perKeyHead, shape.keyTokens),
                 kernels.backwardScratch(shape.headDim, shape.perKeyHead, shape.keyTokens)),
        std::byte{0xff}); // a NaN in every type
    items([&](const AttentionItem& item) { kernels.forward(forward, item, scratch.data()); });
    const double allowed = sizeof(T) == 2 ? 1.0 / 64.0 : 1e-5;
    QVERIFY2(apart(out.values(), expected.out) <= allowed,
             qPrintable(QString::number(apart(out.values(), expected.out))));
    std::fill(scratch.begin(), scratch.end(), std::byte{0xff});
    items([&](const AttentionItem& item) { kernels.backward(backward, item, scratch.data()); });
    QVERIFY2(apart(dq.values(), expected.dq) <= allowed,
             qPrintable(QString::number(apart(dq.values(), expected.dq))));
    QVERIFY2(apart(widened(dk), expected.dk) <= allowed,
             qPrintable(QString::number(apart(widened(dk), expected.dk))));
    QVERIFY2(apart(widened(dv), expected.dv) <= allowed,
             qPrintable(QString::number(apart(widened(dv), expected.dv))));
}

template <typename T>
void checkShapes() {
    check<T>({9, 9, 2, 3, 16}, 0, 0, 1.0, {9});               // one block
    check<T>({1, 1, 1, 1, 64}, 0, 0, 1.0, {1});               // one token
    check<T>({100, 100, 1, 3, 64}, 0, 0, 1.0, {100});         // two blocks of queries
    check<T>({260, 260, 1, 1, 20}, 0, 0, 1.0, {130, 260});    // blocks of keys, odd widths, two parts
    check<T>({201, 201, 1, 7, 80}, 0, 0, 1.0, {1, 200, 201}); // parts at odd places, panels of two widths
    check<T>({40, 90, 2, 2, 32}, 13, 50, 1.0, {40});          // keys from before, a sequence in the middle
    check<T>({130, 130, 1, 2, 128}, 0, 0, 4.0, {65, 130});    // sharp: one key takes all
    check<T>({3, 3, 1, 250, 8}, 0, 0, 1.0, {3});              // more query heads than a block has rows
}

} // namespace

class TestAttentionKernels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { setCpuLevel(bestCpuLevel()); }

    void everyLevelComputesTheFormulas_data() { addLevels(); }
    void everyLevelComputesTheFormulas() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        checkShapes<float>();
        checkShapes<Bfloat16>();
    }

    void whatIsNotANumberStaysSo_data() { addLevels(); }
    void whatIsNotANumberStaysSo() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        for (const double lost : {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
            const AttentionShape shape{2, 2, 1, 1, 1};
            Buffer<float> q(Values{1.0, 1.0}), k(Values{lost, lost}), v(Values{1.0, 2.0}),
                out(std::size_t{2});
            std::vector<SoftmaxRow> softmax(2);
            std::vector<std::byte> scratch(attentionKernels<float>().forwardScratch(1, 1, 2));
            attentionKernels<float>().forward(
                {shape, 1.0F, q.data(), k.data(), v.data(), out.data(), softmax.data()}, {0, 0, 2, 0, 0},
                scratch.data());
            QVERIFY(std::isnan(out.values()[0]) && std::isnan(out.values()[1]));
        }
    }
};

QTEST_GUILESS_MAIN(TestAttentionKernels)
#include "test_attention_kernels.moc"
