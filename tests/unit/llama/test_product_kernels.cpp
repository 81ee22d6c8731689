// The product kernels of every instruction set that this machine can run, against the same sums in double.
#include <algorithm>

#include "product_run.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

/// Every third bit of a row is off, beginning with the row's number.
std::vector<std::uint8_t> someBits(std::int64_t rows, std::int64_t width) {
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(rows * keepBytes(width)), 0);
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t i = 0; i < width; ++i)
            if ((row + i) % 3 != 0)
                bits[at(row, keepBytes(width), i / 8)] |= static_cast<std::uint8_t>(1 << (i % 8));
    return bits;
}

bool isKept(std::int64_t row, std::int64_t i) {
    return (row + i) % 3 != 0;
}

struct Shape {
    std::int64_t rows;
    std::int64_t columns;
    std::int64_t depth;
    bool isTransposed;
};

template <typename T>
struct Operands {
    Shape shape;
    Buffer<T> left;
    Buffer<T> right;

    Operands(const Shape& of, std::uint64_t seed)
        : shape(of)
        , left(draw(at(of.rows, of.depth, 0), seed))
        , right(draw(at(of.columns, of.depth, 0), seed + 1)) {}

    ProductTerm<T> term() {
        ProductTerm<T> term;
        term.left = left.data();
        term.leftStride = shape.depth;
        term.depth = shape.depth;
        term.right.data = right.data();
        term.right.stride = shape.isTransposed ? shape.depth : shape.columns;
        term.right.isTransposed = shape.isTransposed;
        return term;
    }
    double leftAt(std::int64_t row, std::int64_t k) const {
        return read(left.elements[at(row, shape.depth, k)]);
    }
    double rightAt(std::int64_t k, std::int64_t column) const {
        return read(
            right.elements[shape.isTransposed ? at(column, shape.depth, k) : at(k, shape.columns, column)]);
    }
};

/// Allowed: one rounding of the result, and fp32's of the sum of so many products.
template <typename T>
QByteArray sumDifference(const Values& found, const Values& expected, std::int64_t depth) {
    return difference<T>(found, expected, 2e-6 * static_cast<double>(depth));
}

template <typename T>
void checkOneTerm(const Shape& shape) {
    Operands<T> operands(shape, 1);
    const ProductTerm<T> term = operands.term();
    const std::size_t count = at(shape.rows, shape.columns, 0);
    Buffer<T> out(draw(count + kGuard, 9));
    const Values before = out.values();
    Product<T> product;
    product.terms = &term;
    product.termCount = 1;
    product.rows = shape.rows;
    product.columns = shape.columns;
    product.out = out.data();
    product.outStride = shape.columns;
    run(product);
    Values expected(count, 0.0);
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column)
            for (std::int64_t k = 0; k < shape.depth; ++k)
                expected[at(row, shape.columns, column)] +=
                    operands.leftAt(row, k) * operands.rightAt(k, column);
    const Values found = out.values();
    QCOMPARE(sumDifference<T>({found.begin(), found.end() - kGuard}, expected, shape.depth), QByteArray());
    QVERIFY(std::equal(found.end() - kGuard, found.end(), before.end() - kGuard));

    std::vector<float> sums(count, 0.5F);
    product.out = nullptr;
    product.sums = sums.data();
    run(product);
    for (std::size_t i = 0; i < count; ++i)
        QVERIFY(std::abs(static_cast<double>(sums[i]) - 0.5 - expected[i]) <=
                4e-6 * (static_cast<double>(shape.depth) + std::abs(expected[i])));
}

/// An adapter's term that is dropped, scaled and narrower than the weight's, a bias and an addend.
template <typename T>
void checkTermsTogether() {
    const Shape low{50, 75, 5, true};
    const Shape base{50, 75, 131, false};
    const double scale = 0.75;
    Operands<T> first(low, 1), second(base, 3);
    Buffer<T> bias(draw(75, 5)), addend(draw(50 * 80, 6));
    Buffer<T> out(std::size_t{50 * 75});
    const std::vector<std::uint8_t> sumBits = someBits(50, 75), leftBits = someBits(50, 131),
                                    rightBits = someBits(131, 75);
    std::vector<ProductTerm<T>> terms{first.term(), second.term()};
    terms[0].scale = static_cast<float>(scale);
    terms[0].sumKeep = {sumBits.data(), keepBytes(75), 1.5F};
    terms[1].leftKeep = {leftBits.data(), keepBytes(131), 1.25F};
    terms[1].right.keep = {rightBits.data(), keepBytes(75), 2.0F};
    Product<T> product;
    product.terms = terms.data();
    product.termCount = 2;
    product.rows = 50;
    product.columns = 75;
    product.out = out.data();
    product.outStride = 75;
    product.bias = bias.data();
    product.addend = addend.data();
    product.addendStride = 80;
    run(product);
    Values expected;
    for (std::int64_t row = 0; row < 50; ++row)
        for (std::int64_t column = 0; column < 75; ++column) {
            double sum = 0.0;
            for (std::int64_t k = 0; k < low.depth; ++k)
                sum += first.leftAt(row, k) * first.rightAt(k, column);
            sum *= isKept(row, column) ? scale * 1.5 : 0.0;
            for (std::int64_t k = 0; k < base.depth; ++k)
                if (isKept(row, k) && isKept(k, column))
                    sum += read(stored<T>(second.leftAt(row, k) * 1.25)) * second.rightAt(k, column) * 2.0;
            expected.push_back(sum + read(bias.elements[static_cast<std::size_t>(column)]) +
                               read(addend.elements[at(row, 80, column)]));
        }
    QCOMPARE(sumDifference<T>(out.values(), expected, 300), QByteArray());
}

/// A right matrix that is read row by row.
template <typename T>
void checkRowSource(bool isTransposed) {
    const Shape shape{7, 70, 90, isTransposed};
    Operands<T> operands(shape, 1);
    Buffer<T> direct(std::size_t{7 * 70}), read(std::size_t{7 * 70});
    ProductTerm<T> term = operands.term();
    Product<T> product;
    product.terms = &term;
    product.termCount = 1;
    product.rows = 7;
    product.columns = 70;
    product.outStride = 70;
    product.out = direct.data();
    run(product);
    const RightMatrix<T> stored = term.right;
    term.right = {};
    term.right.isTransposed = isTransposed;
    term.right.source = {
        &stored, [](const void* self, std::int64_t row, std::int64_t first, std::int64_t count, T* out) {
            const auto& matrix = *static_cast<const RightMatrix<T>*>(self);
            std::copy_n(matrix.data + row * matrix.stride + first, count, out);
        }};
    product.out = read.data();
    run(product);
    QVERIFY(direct.values() == read.values());
}

} // namespace

class TestProductKernels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { setCpuLevel(bestCpuLevel()); }

    void aProductIsTheSumInDouble_data() { addLevels(); }
    void aProductIsTheSumInDouble() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        // Whole tiles and parts of them, odd depths, narrow and wide, deeper than a run of a panel.
        for (const Shape& shape :
             {Shape{48, 128, 64, true}, Shape{48, 128, 64, false}, Shape{1, 1, 1, true},
              Shape{5, 17, 3, false}, Shape{100, 8, 33, true}, Shape{24, 24, 450, true},
              Shape{9, 200, 451, false}, Shape{130, 65, 20, true}, Shape{25, 33, 7, false}}) {
            checkOneTerm<float>(shape);
            checkOneTerm<Bfloat16>(shape);
        }
    }

    void termsAreSummedDroppedAndRoundedOnce_data() { addLevels(); }
    void termsAreSummedDroppedAndRoundedOnce() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        checkTermsTogether<float>();
        checkTermsTogether<Bfloat16>();
    }

    void aMatrixThatIsReadGivesWhatOneInMemoryGives_data() { addLevels(); }
    void aMatrixThatIsReadGivesWhatOneInMemoryGives() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        for (const bool isTransposed : {false, true}) {
            checkRowSource<float>(isTransposed);
            checkRowSource<Bfloat16>(isTransposed);
        }
    }
};

QTEST_GUILESS_MAIN(TestProductKernels)
#include "test_product_kernels.moc"
