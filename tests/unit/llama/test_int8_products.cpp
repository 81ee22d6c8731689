// Products of int8 codes (W8A8) on every instruction set that this machine can run, against sums of whole
// numbers: equal to the bit in fp32, whatever the codes.
#include <algorithm>
#include <cmath>

#include "product_run.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

struct Shape {
    std::int64_t rows;
    std::int64_t columns;
    std::int64_t depth;
    bool isTransposed;
};

/// Codes and scales of a frozen matrix, as they are stored.
struct Codes {
    std::int64_t rows;
    std::int64_t columns;
    std::vector<std::uint8_t> codes;
    std::vector<float> absmax;

    /// All codes of a byte, -128 with them, which no file of bitsandbytes has.
    explicit Codes(const Shape& of, std::uint64_t seed)
        : rows(of.isTransposed ? of.columns : of.depth)
        , columns(of.isTransposed ? of.depth : of.columns) {
        PhiloxStream stream(seed, 0);
        for (std::size_t i = 0; i < at(rows, columns, 0); ++i)
            codes.push_back(static_cast<std::uint8_t>(stream.nextBelow(256)));
        for (const double scale : draw(static_cast<std::size_t>(rows), seed + 1, 0.5))
            absmax.push_back(static_cast<float>(std::abs(scale)));
    }
    formats::QuantisedView view() const {
        return {formats::Quantisation::Int8, rows, columns, codes.data(), absmax.data(), 0, {}, {}, {}, 0.0F};
    }
    std::int64_t code(std::int64_t row, std::int64_t column) const {
        return static_cast<std::int8_t>(codes[at(row, columns, column)]);
    }
};

/// Left rows: some of zeros, one with a value far above the others, one of the largest code alone.
Values leftValues(const Shape& shape) {
    Values values = draw(at(shape.rows, shape.depth, 0), 7);
    for (std::int64_t row = 0; row < shape.rows; row += 5)
        std::fill_n(values.begin() + row * shape.depth, shape.depth, 0.0);
    if (shape.rows > 1) values[at(1, shape.depth, shape.depth / 2)] = -3000.0;
    if (shape.rows > 2) std::fill_n(values.begin() + 2 * shape.depth, shape.depth, 0.75);
    return values;
}

struct QuantisedRow {
    std::vector<std::int64_t> codes;
    float scale;
};

/// By the contract of quantiseLeft(), in fp32.
QuantisedRow quantised(const std::vector<float>& values, bool isFolded) {
    constexpr float kStepOfCode = 1.0F / formats::kInt8Codes;
    float most = 0.0F;
    for (const float value : values)
        most = std::max(most, std::abs(value));
    const float factor = most > 0.0F ? formats::kInt8Codes / most : 0.0F;
    QuantisedRow row{{}, most * kStepOfCode * (isFolded ? kStepOfCode : 1.0F)};
    for (const float value : values)
        row.codes.push_back(static_cast<std::int64_t>(std::nearbyint(value * factor)));
    return row;
}

template <typename T>
std::vector<float> expectedProduct(const Shape& shape, const Buffer<T>& left, const Codes& right) {
    std::vector<float> expected;
    for (std::int64_t row = 0; row < shape.rows; ++row) {
        std::vector<float> values;
        for (std::int64_t k = 0; k < shape.depth; ++k) {
            const auto value = static_cast<float>(read(left.elements[at(row, shape.depth, k)]));
            values.push_back(shape.isTransposed ? value : value * right.absmax[static_cast<std::size_t>(k)]);
        }
        const QuantisedRow found = quantised(values, !shape.isTransposed);
        for (std::int64_t column = 0; column < shape.columns; ++column) {
            std::int64_t sum = 0;
            for (std::int64_t k = 0; k < shape.depth; ++k)
                sum += found.codes[static_cast<std::size_t>(k)] *
                       (shape.isTransposed ? right.code(column, k) : right.code(k, column));
            const float scale = shape.isTransposed ? right.absmax[static_cast<std::size_t>(column)] *
                                                         (1.0F / formats::kInt8Codes)
                                                   : 1.0F;
            expected.push_back(static_cast<float>(sum) * found.scale * scale);
        }
    }
    return expected;
}

/// What quantiseLeft() writes for a term, and the memory of it.
template <typename T>
struct QuantisedLeft {
    Memory memory;

    QuantisedLeft(ProductTerm<T>& term, std::int64_t rows)
        : memory(productKernels<T>().leftCodeBytes(rows, term.depth) + kGuard) {
        const std::size_t bytes = productKernels<T>().leftCodeBytes(rows, term.depth);
        std::fill_n(memory.data, bytes + kGuard, std::byte{0x5a});
        term.leftCodes = memory.data;
        const std::int64_t half = rows / 2; // threads take rows each
        productKernels<T>().quantiseLeft(term, rows, half, rows);
        productKernels<T>().quantiseLeft(term, rows, 0, half);
        const std::byte* const behind = memory.data + bytes;
        [&] {
            QVERIFY(
                std::all_of(behind, behind + kGuard, [](std::byte byte) { return byte == std::byte{0x5a}; }));
        }();
    }
};

template <typename T>
ProductTerm<T> int8Term(const Shape& shape, Buffer<T>& left, const formats::QuantisedView& right) {
    ProductTerm<T> term;
    term.left = left.data();
    term.leftStride = shape.depth;
    term.depth = shape.depth;
    term.right.isTransposed = shape.isTransposed;
    term.int8Right = &right;
    return term;
}

template <typename T>
Values productOf(const Shape& shape, const std::vector<ProductTerm<T>>& terms, Buffer<T>& out) {
    Product<T> product;
    product.terms = terms.data();
    product.termCount = static_cast<int>(terms.size());
    product.rows = shape.rows;
    product.columns = shape.columns;
    product.out = out.data();
    product.outStride = shape.columns;
    run(product);
    return out.values();
}

template <typename T>
Values int8Product(const Shape& shape, Buffer<T>& left, const Codes& right) {
    const formats::QuantisedView view = right.view();
    std::vector<ProductTerm<T>> terms{int8Term(shape, left, view)};
    const QuantisedLeft<T> codes(terms[0], shape.rows);
    Buffer<T> out(at(shape.rows, shape.columns, 0));
    return productOf(shape, terms, out);
}

template <typename T>
void checkExact(const Shape& shape) {
    Buffer<T> left(leftValues(shape));
    const Codes right(shape, 3);
    const std::vector<float> expected = expectedProduct(shape, left, right);
    const Values found = int8Product(shape, left, right);
    for (std::size_t i = 0; i < found.size(); ++i)
        QCOMPARE(found[i], read(stored<T>(static_cast<double>(expected[i]))));
}

} // namespace

class TestInt8Products final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { setCpuLevel(bestCpuLevel()); }

    void sumsOfCodesAreExact_data() { addLevels(); }
    void sumsOfCodesAreExact() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        // Whole tiles and parts of them, depths that no step divides, deeper than a run of a panel.
        for (const Shape& shape :
             {Shape{48, 128, 64, true}, Shape{48, 128, 64, false}, Shape{1, 1, 1, true},
              Shape{1, 1, 1, false}, Shape{5, 17, 3, false}, Shape{100, 8, 33, true},
              Shape{24, 24, 450, true}, Shape{9, 200, 451, false}, Shape{130, 65, 21, true},
              Shape{25, 33, 7, false}, Shape{3, 70, 1601, true}, Shape{3, 70, 1602, false}}) {
            checkExact<float>(shape);
            checkExact<Bfloat16>(shape);
        }
    }

    // Sums of pairs that 16 bits do not hold, and the deepest sum that 32 bits hold.
    void theLargestCodesDoNotSaturate_data() { addLevels(); }
    void theLargestCodesDoNotSaturate() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        for (const std::uint8_t code : {std::uint8_t{127}, std::uint8_t{128}})
            for (const double value : {1.0, -1.0}) {
                const Shape shape{2, 3, kMostInt8Depth, true};
                Buffer<float> left(Values(at(2, kMostInt8Depth, 0), value));
                Codes right(shape, 1);
                std::fill(right.codes.begin(), right.codes.end(), code);
                std::fill(right.absmax.begin(), right.absmax.end(), 1.0F);
                const std::vector<float> expected = expectedProduct(shape, left, right);
                const Values found = int8Product(shape, left, right);
                for (std::size_t i = 0; i < found.size(); ++i)
                    QCOMPARE(found[i], static_cast<double>(expected[i]));
            }
    }

    // As a layer's products are: an adapter's summand that is scaled and dropped, then two frozen ones.
    void termsOfBothKindsAreSummed_data() { addLevels(); }
    void termsOfBothKindsAreSummed() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        const Shape shape{50, 75, 131, false};
        Buffer<float> left(leftValues(shape));
        const Codes first(shape, 3), second(shape, 9);
        const formats::QuantisedView views[] = {first.view(), second.view()};
        Buffer<float> low(draw(at(50, 5, 0), 1)), narrow(draw(at(5, 75, 0), 2));
        ProductTerm<float> adapter;
        adapter.left = low.data();
        adapter.leftStride = 5;
        adapter.depth = 5;
        adapter.right.data = narrow.data();
        adapter.right.stride = 75;
        adapter.scale = 0.5F;
        std::vector<ProductTerm<float>> terms{adapter, int8Term(shape, left, views[0]),
                                              int8Term(shape, left, views[1])};
        const QuantisedLeft<float> codes(terms[1], 50), others(terms[2], 50);
        Buffer<float> out(at(50, 75, 0));
        const Values found = productOf(shape, terms, out);
        const std::vector<float> one = expectedProduct(shape, left, first);
        const std::vector<float> other = expectedProduct(shape, left, second);
        Values expected;
        for (std::int64_t row = 0; row < 50; ++row)
            for (std::int64_t column = 0; column < 75; ++column) {
                double sum = 0.0;
                for (std::int64_t k = 0; k < 5; ++k)
                    sum += read(low.elements[at(row, 5, k)]) * read(narrow.elements[at(k, 75, column)]);
                const std::size_t i = at(row, 75, column);
                expected.push_back(0.5 * sum + static_cast<double>(one[i]) + static_cast<double>(other[i]));
            }
        QCOMPARE(difference<float>(found, expected, 1e-4), QByteArray());
    }

    void aRowThatIsNotFiniteMakesItsProductsSo_data() { addLevels(); }
    void aRowThatIsNotFiniteMakesItsProductsSo() {
        QFETCH(int, level);
        setCpuLevel(static_cast<CpuLevel>(level));
        for (const double odd :
             {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
            const Shape shape{3, 20, 37, true};
            Buffer<float> left(draw(at(3, 37, 0), 1));
            left.elements[at(1, 37, 36)] = static_cast<float>(odd);
            std::fill_n(left.elements.begin() + 2 * 37, 37, 1e-37F); // too small to be quantised
            const Values found = int8Product(shape, left, Codes(shape, 3));
            QVERIFY(
                std::all_of(found.begin(), found.begin() + 20, [](double v) { return std::isfinite(v); }));
            QVERIFY(
                std::all_of(found.begin() + 20, found.begin() + 40, [](double v) { return std::isnan(v); }));
            QVERIFY(std::all_of(found.begin() + 40, found.end(), [](double v) { return v == 0.0; }));
        }
    }
};

QTEST_GUILESS_MAIN(TestInt8Products)
#include "test_int8_products.moc"
