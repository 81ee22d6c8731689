// Products on tensors, shared among threads, against ATen's in double: however they are cut, and whatever the
// number of threads, the numbers are the same.
#include <array>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <QtTest>

#include "llama/fast/product_work.h"
#include "llama/fast/row_work.h"
#include "llama/kernels/product_kernels.h"

using namespace llamahome::engine;

namespace {

constexpr std::int64_t kDeepest = 10000;

at::Tensor roomFor(at::ScalarType type) {
    const auto bytes = productRoomBytes(at::elementSize(type), kDeepest, at::get_num_threads());
    return at::zeros({static_cast<std::int64_t>(bytes)}, at::kByte);
}

at::Tensor drawn(std::int64_t rows, std::int64_t columns, at::ScalarType type) {
    return (at::randn({rows, columns}) * 0.1).to(type);
}

/// The largest difference, as a part of the largest magnitude.
double apart(const at::Tensor& found, const at::Tensor& expected) {
    const at::Tensor difference = (found.to(at::kDouble) - expected).abs();
    return (difference.max() / expected.abs().max()).item<double>();
}

double allowed(at::ScalarType type) {
    return type == at::kBFloat16 ? 1.0 / 128.0 : 1e-5;
}

/// With as many threads as there are numbers to try, in turn.
class Threads {
public:
    explicit Threads(int count)
        : m_before(at::get_num_threads()) {
        at::set_num_threads(count);
    }
    ~Threads() { at::set_num_threads(m_before); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

private:
    int m_before;
};

} // namespace

class TestProductWork final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyCutGivesTheSum_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::addColumn<int>("depth");
        QTest::newRow("panels of their own, few rows") << 8 << 1536 << 64;
        QTest::newRow("panels of their own, many columns") << 200 << 2048 << 96;
        QTest::newRow("packed together") << 700 << 192 << 64;
        QTest::newRow("packed together in rounds") << 300 << 700 << 9000;
        QTest::newRow("one panel, many rows") << 2000 << 24 << 576;
        QTest::newRow("one row") << 1 << 33 << 17;
    }
    void everyCutGivesTheSum() {
        QFETCH(int, rows);
        QFETCH(int, columns);
        QFETCH(int, depth);
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
            const at::Tensor left = drawn(rows, depth, type);
            const at::Tensor right = drawn(columns, depth, type);
            const at::Tensor addend = drawn(rows, columns, type);
            const at::Tensor expected = at::mm(left.to(at::kDouble), right.to(at::kDouble).t());
            const TensorTerm term{left, right, /*rightIsTransposed=*/true};
            at::Tensor first;
            for (const int threads : {1, 3, 8}) {
                const Threads set(threads);
                Products products;
                const ProductWork work{products, roomFor(type)};
                const at::Tensor out = addend.clone(); // the addend may be the result
                productInto({&term, 1}, out, work, {}, out);
                QVERIFY(apart(out, expected + addend.to(at::kDouble)) <= allowed(type));
                if (!first.defined()) first = out;
                QVERIFY(at::equal(out, first));
                QCOMPARE(products.multiplyAdds(), static_cast<std::uint64_t>(rows) * columns * depth);
            }
        }
    }

    void aPartOfAWiderResultLeavesTheRest() {
        const at::Tensor left = drawn(50, 64, at::kBFloat16);
        const at::Tensor right = drawn(64, 20, at::kBFloat16);
        const at::Tensor wide = at::zeros({50, 60}, at::kBFloat16);
        Products products;
        const TensorTerm term{left, right};
        productInto({&term, 1}, wide.narrow(1, 10, 20), {products, roomFor(at::kBFloat16)});
        QVERIFY(wide.narrow(1, 0, 10).abs().max().item<double>() == 0.0);
        QVERIFY(wide.narrow(1, 30, 30).abs().max().item<double>() == 0.0);
        QVERIFY(apart(wide.narrow(1, 10, 20), at::mm(left.to(at::kDouble), right.to(at::kDouble))) <=
                allowed(at::kBFloat16));
    }

    void aDeepSumIsMadeInSlices() {
        constexpr std::int64_t kDepth = 9001;
        const at::Tensor left = drawn(30, kDepth, at::kBFloat16);
        const at::Tensor right = drawn(kDepth, 70, at::kBFloat16);
        const at::Tensor bits = at::zeros({kDepth, keepBytes(70)}, at::kByte);
        at::Tensor kept = right.to(at::kDouble);
        for (std::int64_t row = 0; row < kDepth; row += 2) { // the others are dropped
            bits.narrow(0, row, 1).fill_(255);
            if (row + 1 < kDepth) kept.narrow(0, row + 1, 1).zero_();
        }
        const at::Tensor sums = at::zeros({30, 70}, at::kFloat);
        Products products;
        TensorTerm term{left, right};
        term.rightKeep = {elements<std::uint8_t>(bits), bits.size(1), 2.0F};
        addProductTo(sums, term, {products, roomFor(at::kBFloat16)});
        QVERIFY(apart(sums, at::mm(left.to(at::kDouble), kept) * 2.0) <= 1e-5);
    }
};

QTEST_GUILESS_MAIN(TestProductWork)
#include "test_product_work.moc"
