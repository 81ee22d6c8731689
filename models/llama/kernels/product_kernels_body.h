// The kernels of product_kernels.h for one instruction set; see tiles.h.
#include "llama/kernels/tiles.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kBlockElements = 768 * 1024; // most of a block of left rows, where they must be packed
constexpr Index kLargestBlockRows = 96;
/// Whose sums stay in the second cache, beside a run of the left rows.
constexpr Index kPanelsTogether = 256 / kPanelColumns;
constexpr Index kRunSteps = 96; // of a panel that stay in the first cache while the block's rows pass

template <typename T>
std::size_t panelBytes(const Product<T>& product) {
    Index steps = 0;
    for (int i = 0; i < product.termCount; ++i)
        steps += stepsOf(product.terms[i]);
    return static_cast<std::size_t>(steps * kPanelColumns * kLaneBytes);
}

template <typename T>
struct PackWork {
    const Product<T>& product;
    Index panel;
    std::byte* packed;

    template <Index kVectors>
    void run() const {
        std::byte* to = packed;
        for (int i = 0; i < product.termCount; ++i) {
            packTerm<T, kVectors>(product.terms[i], panel * kPanelColumns,
                                  columnsOfPanel(product.columns, panel), to);
            to += stepsOf(product.terms[i]) * kPanelColumns * kLaneBytes;
        }
    }
};

template <typename T>
void pack(const Product<T>& product, Index panel, std::byte* packed) {
    withVectors(columnsOfPanel(product.columns, panel), PackWork<T>{product, panel, packed});
}

/// Rows of a block.
LLAMAHOME_INLINE Index blockRows(Index depth) {
    const Index rows = kBlockElements / depth / kTileVectors * kTileVectors;
    return rows < kTileVectors ? kTileVectors : rows > kLargestBlockRows ? kLargestBlockRows : rows;
}

template <typename T>
LLAMAHOME_INLINE Index depthOf(const Product<T>& product) {
    Index depth = 0;
    for (int i = 0; i < product.termCount; ++i)
        depth += product.terms[i].depth;
    return depth;
}

template <typename T>
std::size_t scratchBytes(Index depth) {
    // Of a product of any depth up to this one: blocks of deep ones have fewer rows.
    constexpr Index kSize = static_cast<Index>(sizeof(typename StepOf<T>::Type::Left));
    const Index most = kLargestBlockRows * depth;
    const Index large = kBlockElements;
    const Index least = kTileVectors * depth;
    const Index elements = most < large ? most : large < least ? least : large;
    const Index odd =
        kMostProductTerms * (kLargestBlockRows * kSize + 64); // a step's second half, and alignment
    return static_cast<std::size_t>(roundUp(
        kLargestBlockRows * kPanelsTogether * kPanelColumns * kLaneBytes + elements * kSize + odd, 64));
}

/// A block of rows and a panel of columns, with their sums.
template <typename T>
struct Block {
    const Product<T>& product;
    Index firstRow;
    Index rows;
    Index panel;
    float* sums;

    LLAMAHOME_MEMBER Index columns() const { return columnsOfPanel(product.columns, panel); }

    template <Index kVectors>
    void scale(const ProductTerm<T>& term) const {
        const KeepBits& keep = term.sumKeep;
        const Floats factor = all(term.scale) * roundTo(product.out, all(keep.scale));
        for (Index r = 0; r < rows; ++r)
            for (Index v = 0; v < kVectors; ++v) {
                float* const at = sums + (r * kVectors + v) * kLanes;
                Floats values = load(at) * factor;
                if (keep.bits != nullptr)
                    values = choose(lanesKept(keep.bits + (firstRow + r) * keep.stride,
                                              panel * kPanelColumns + v * kLanes),
                                    values, all(0.0F));
                store(at, values);
            }
    }

    template <Index kVectors>
    void finish() const {
        const Index firstColumn = panel * kPanelColumns;
        for (Index r = 0; r < rows; ++r)
            for (Index v = 0; v < kVectors; ++v) {
                const Index column = firstColumn + v * kLanes;
                const Index count = product.columns - column;
                if (count <= 0) break;
                Floats values = load(sums + (r * kVectors + v) * kLanes);
                if (product.bias != nullptr) values += loadSome(product.bias + column, count);
                if (product.addend != nullptr)
                    values +=
                        loadSome(product.addend + (firstRow + r) * product.addendStride + column, count);
                if (product.out != nullptr) {
                    storeSome(product.out + (firstRow + r) * product.outStride + column, values, count);
                } else {
                    float* const to = product.sums + (firstRow + r) * product.columns + column;
                    storeSome(to, loadSome(to, count) + values, count);
                }
            }
    }
};

/// A run of steps of one term, added to the sums of a block.
template <typename T>
struct AddRun {
    const Block<T>& block;
    LeftOf<typename StepOf<T>::Type> left;
    const std::byte* panel; ///< of the term
    Index first;
    Index steps;
    bool continues;

    template <Index kVectors>
    void run() const {
        constexpr Index kRows = kTileVectors / kVectors;
        for (Index r = 0; r < block.rows; r += kRows)
            tile<typename StepOf<T>::Type, kVectors>(left.from(r, first), steps,
                                                     panel + first * kVectors * kLanes * kLaneBytes,
                                                     continues, block.sums + r * kVectors * kLanes);
    }
};

template <typename T>
struct Scale {
    const Block<T>& block;
    const ProductTerm<T>& term;

    template <Index kVectors>
    void run() const {
        block.template scale<kVectors>(term);
    }
};

template <typename T>
struct Finish {
    const Block<T>& block;

    template <Index kVectors>
    void run() const {
        block.template finish<kVectors>();
    }
};

/// All terms of some panels: a run of the left rows meets every panel before the next run.
template <typename T>
void multiplyBlock(const Product<T>& product, const LeftOf<typename StepOf<T>::Type>* lefts, Index firstRow,
                   Index rows, Index firstPanel, Index panels, const std::byte* packed, float* sums) {
    const auto panelStride = static_cast<Index>(panelBytes(product));
    const auto blockOf = [&](Index i) {
        return Block<T>{product, firstRow, rows, firstPanel + i,
                        sums + i * roundUp(rows, kTileVectors) * kPanelColumns};
    };
    bool continues = false;
    for (int t = 0; t < product.termCount; ++t) {
        const ProductTerm<T>& term = product.terms[t];
        const Index steps = stepsOf(term);
        for (Index s = 0; s < steps; s += kRunSteps) {
            const Index run = steps - s < kRunSteps ? steps - s : kRunSteps;
            for (Index i = 0; i < panels; ++i) {
                const Block<T> block = blockOf(i);
                withVectors(block.columns(),
                            AddRun<T>{block, lefts[t], packed + i * panelStride, s, run, continues});
            }
            continues = true;
        }
        if (term.scale != 1.0F || term.sumKeep.bits != nullptr)
            for (Index i = 0; i < panels; ++i) {
                const Block<T> block = blockOf(i);
                withVectors(block.columns(), Scale<T>{block, term});
            }
        packed += steps * kPanelColumns * kLaneBytes;
    }
    for (Index i = 0; i < panels; ++i) {
        const Block<T> block = blockOf(i);
        withVectors(block.columns(), Finish<T>{block});
    }
}

template <typename T>
void multiply(const Product<T>& product, Index begin, Index end, Index firstPanel, Index endPanel,
              const std::byte* packed, std::byte* scratch) {
    using Step = typename StepOf<T>::Type;
    const Index most = blockRows(depthOf(product));
    const auto panelStride = static_cast<Index>(panelBytes(product));
    for (Index first = begin; first < end; first += most) {
        const Index rows = end - first < most ? end - first : most;
        auto* const sums = reinterpret_cast<float*>(scratch);
        std::byte* space =
            scratch + roundUp(rows, kTileVectors) * kPanelsTogether * kPanelColumns * kLaneBytes;
        LeftOf<Step> lefts[kMostProductTerms];
        for (int i = 0; i < product.termCount; ++i) {
            const ProductTerm<T>& term = product.terms[i];
            bool lies = !kIsWidened<T> && term.leftKeep.bits == nullptr &&
                        term.depth % Step::kElements == 0 && rows % kTileVectors == 0;
            if constexpr (!kIsWidened<T>)
                if (lies) lefts[i] = {term.left + first * term.leftStride, term.leftStride};
            if (lies) continue;
            lefts[i] = packLeft(term, first, rows, space);
            space += packedLeftBytes<T>(rows, stepsOf(term));
        }
        for (Index panel = firstPanel; panel < endPanel; panel += kPanelsTogether) {
            const Index panels = endPanel - panel < kPanelsTogether ? endPanel - panel : kPanelsTogether;
            multiplyBlock(product, lefts, first, rows, panel, panels,
                          packed + (panel - firstPanel) * panelStride, sums);
        }
    }
}

template <typename T>
constexpr ProductKernels<T> kProductKernels{kPanelColumns,   kTileVectors,  kLargestBlockRows,
                                            kPanelsTogether, panelBytes<T>, scratchBytes<T>,
                                            pack<T>,         multiply<T>};

} // namespace

template <typename T>
const ProductKernels<T>& productKernels();
template <>
const ProductKernels<float>& productKernels<float>() {
    return kProductKernels<float>;
}
template <>
const ProductKernels<Bfloat16>& productKernels<Bfloat16>() {
    return kProductKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
