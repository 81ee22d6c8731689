// The kernels of product_kernels.h for one instruction set; see tiles.h and int8_tiles.h.
#include "llama/kernels/int8_tiles.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kBlockElements = 768 * 1024; // most of a block of left rows, where they must be packed
constexpr Index kLargestBlockRows = 96;
/// Whose sums stay in the second cache, beside a run of the left rows.
constexpr Index kPanelsTogether = 256 / kPanelColumns;
constexpr Index kRunSteps = 96; // of a panel that stay in the first cache while the block's rows pass

/// Of one term in a packed panel.
template <typename T>
LLAMAHOME_INLINE Index termBytes(const ProductTerm<T>& term) {
    return term.int8Right != nullptr ? int8PanelBytes(term.depth)
                                     : stepsOf(term) * kPanelColumns * kLaneBytes;
}

template <typename T>
std::size_t panelBytes(const Product<T>& product) {
    Index bytes = 0;
    for (int i = 0; i < product.termCount; ++i)
        bytes += termBytes(product.terms[i]);
    return static_cast<std::size_t>(bytes);
}

template <typename T>
struct PackWork {
    const Product<T>& product;
    Index panel;
    std::byte* packed;

    template <Index kVectors>
    void run() const {
        std::byte* to = packed;
        const Index first = panel * kPanelColumns;
        const Index columns = columnsOfPanel(product.columns, panel);
        for (int i = 0; i < product.termCount; ++i) {
            const ProductTerm<T>& term = product.terms[i];
            if (term.int8Right != nullptr)
                packCodes<kVectors>(*term.int8Right, term.right.isTransposed, first, columns, to);
            else
                packTerm<T, kVectors>(term, first, columns, to);
            to += termBytes(term);
        }
    }
};

template <typename T>
void pack(const Product<T>& product, Index panel, std::byte* packed) {
    withVectors(columnsOfPanel(product.columns, panel), PackWork<T>{product, panel, packed});
}

/// Rows of a block.
LLAMAHOME_INLINE Index blockRows(Index depth) {
    const Index rows = kBlockElements / (depth > 0 ? depth : 1) / kTileVectors * kTileVectors;
    return rows < kTileVectors ? kTileVectors : rows > kLargestBlockRows ? kLargestBlockRows : rows;
}

/// Of the terms whose left rows a block may have to pack.
template <typename T>
LLAMAHOME_INLINE Index packedDepthOf(const Product<T>& product) {
    Index depth = 0;
    for (int i = 0; i < product.termCount; ++i)
        if (product.terms[i].int8Right == nullptr) depth += product.terms[i].depth;
    return depth;
}

/// Of a block's sums of one kind: fp32, or of codes.
LLAMAHOME_INLINE Index sumBytes(Index rows) {
    return roundUp(rows, kTileVectors) * kPanelsTogether * kPanelColumns * kLaneBytes;
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
    return static_cast<std::size_t>(roundUp(2 * sumBytes(kLargestBlockRows) + elements * kSize + odd, 64));
}

/// A block of rows and a panel of columns, with their sums.
template <typename T>
struct Block {
    const Product<T>& product;
    Index firstRow;
    Index rows;
    Index panel;
    float* sums;
    float* codeSums; ///< whole numbers of 32 bits
    bool isEmpty;    ///< `sums` hold nothing yet

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

    /// Sums of codes as what they are worth, added to the sums.
    template <Index kVectors>
    void addCodes(const float* rowScales, const PanelColumns& behind) const {
        for (Index v = 0; v < kVectors; ++v) {
            const Floats scale = load(behind.scale + v * kLanes);
            Integers correction;
            __builtin_memcpy(&correction, behind.correction + v * kLanes, sizeof correction);
            for (Index r = 0; r < rows; ++r) {
                const Index at = (r * kVectors + v) * kLanes;
                const Integers codes = reinterpret_cast<Integers>(load(codeSums + at)) + correction;
                const Floats worth = __builtin_convertvector(codes, Floats) * rowScales[firstRow + r] * scale;
                store(sums + at, isEmpty ? worth : load(sums + at) + worth);
            }
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

/// A run of steps of one term, added to sums of a block.
template <typename Step>
struct AddRun {
    Index rows;
    float* sums;
    LeftOf<Step> left;
    const std::byte* panel; ///< of the term
    Index first;
    Index steps;
    bool continues;

    template <Index kVectors>
    void run() const {
        constexpr Index kRows = kTileVectors / kVectors;
        for (Index r = 0; r < rows; r += kRows)
            tile<Step, kVectors>(left.from(r, first), steps, panel + first * kVectors * kLanes * kLaneBytes,
                                 continues, sums + r * kVectors * kLanes);
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
struct AddCodes {
    const Block<T>& block;
    const float* rowScales;
    const PanelColumns& behind;

    template <Index kVectors>
    void run() const {
        block.template addCodes<kVectors>(rowScales, behind);
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

/// A block of rows and the panels that they meet together.
template <typename T>
struct PanelRow {
    const Product<T>& product;
    Index firstRow;
    Index rows;
    Index firstPanel;
    Index panels;
    const std::byte* packed;
    float* sums;
    float* codeSums;

    LLAMAHOME_MEMBER Block<T> block(Index i, bool isEmpty) const {
        const Index place = i * roundUp(rows, kTileVectors) * kPanelColumns;
        return {product, firstRow, rows, firstPanel + i, sums + place, codeSums + place, isEmpty};
    }
    LLAMAHOME_MEMBER const std::byte* panel(Index i, Index termPlace) const {
        return packed + i * static_cast<Index>(panelBytes(product)) + termPlace;
    }
};

/// All steps of a term: a run of the left rows meets every panel before the next run.
template <typename Step, typename T>
LLAMAHOME_INLINE void addTerm(const PanelRow<T>& row, LeftOf<Step> left, Index steps, Index termPlace,
                              bool isEmpty) {
    constexpr bool kIsCodes = __is_same(Step, Int8Step);
    for (Index s = 0; s < steps; s += kRunSteps) {
        const Index run = steps - s < kRunSteps ? steps - s : kRunSteps;
        const bool continues = s > 0 || !(kIsCodes || isEmpty);
        for (Index i = 0; i < row.panels; ++i) {
            const Block<T> block = row.block(i, isEmpty);
            withVectors(block.columns(), AddRun<Step>{row.rows, kIsCodes ? block.codeSums : block.sums, left,
                                                      row.panel(i, termPlace), s, run, continues});
        }
    }
}

template <typename T>
LLAMAHOME_INLINE void addInt8Term(const PanelRow<T>& row, const ProductTerm<T>& term, Index termPlace,
                                  bool isEmpty) {
    const LeftCodes left = LeftCodes::at(term.leftCodes, row.product.rows, term.depth);
    const Index steps = int8Steps(term.depth);
    addTerm<Int8Step>(row, {left.codes + row.firstRow * left.stride, left.stride}, steps, termPlace, isEmpty);
    for (Index i = 0; i < row.panels; ++i) {
        const Block<T> block = row.block(i, isEmpty);
        PanelColumns behind;
        __builtin_memcpy(&behind, row.panel(i, termPlace) + steps * kPanelColumns * kLaneBytes,
                         sizeof behind);
        withVectors(block.columns(), AddCodes<T>{block, left.scales, behind});
    }
}

/// All terms of some panels.
template <typename T>
void multiplyBlock(const PanelRow<T>& row, const LeftOf<typename StepOf<T>::Type>* lefts) {
    const Product<T>& product = row.product;
    Index termPlace = 0;
    for (int t = 0; t < product.termCount; ++t) {
        const ProductTerm<T>& term = product.terms[t];
        if (term.int8Right != nullptr)
            addInt8Term(row, term, termPlace, t == 0);
        else
            addTerm(row, lefts[t], stepsOf(term), termPlace, t == 0);
        if (term.scale != 1.0F || term.sumKeep.bits != nullptr)
            for (Index i = 0; i < row.panels; ++i) {
                const Block<T> block = row.block(i, false);
                withVectors(block.columns(), Scale<T>{block, term});
            }
        termPlace += termBytes(term);
    }
    for (Index i = 0; i < row.panels; ++i) {
        const Block<T> block = row.block(i, false);
        withVectors(block.columns(), Finish<T>{block});
    }
}

template <typename T>
void multiply(const Product<T>& product, Index begin, Index end, Index firstPanel, Index endPanel,
              const std::byte* packed, std::byte* scratch) {
    using Step = typename StepOf<T>::Type;
    const Index most = blockRows(packedDepthOf(product));
    const auto panelStride = static_cast<Index>(panelBytes(product));
    for (Index first = begin; first < end; first += most) {
        const Index rows = end - first < most ? end - first : most;
        auto* const sums = reinterpret_cast<float*>(scratch);
        auto* const codeSums = reinterpret_cast<float*>(scratch + sumBytes(rows));
        std::byte* space = scratch + 2 * sumBytes(rows);
        LeftOf<Step> lefts[kMostProductTerms];
        for (int i = 0; i < product.termCount; ++i) {
            const ProductTerm<T>& term = product.terms[i];
            if (term.int8Right != nullptr) continue;
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
            multiplyBlock(PanelRow<T>{product, first, rows, panel, panels,
                                      packed + (panel - firstPanel) * panelStride, sums, codeSums},
                          lefts);
        }
    }
}

std::size_t leftCodeBytes(Index rows, Index depth) {
    return static_cast<std::size_t>(LeftCodes::bytes(rows, depth));
}

template <typename T>
void quantiseLeft(const ProductTerm<T>& term, Index rows, Index begin, Index end) {
    const LeftCodes left = LeftCodes::at(term.leftCodes, rows, term.depth);
    const float* const channels = term.right.isTransposed ? nullptr : term.int8Right->absmax;
    for (Index r = begin; r < end; ++r)
        quantiseRow(term.left + r * term.leftStride, channels, term.depth, left.scales + r,
                    left.codes + r * left.stride);
}

template <typename T>
constexpr ProductKernels<T> kProductKernels{
    kPanelColumns,   kTileVectors,  kLargestBlockRows, kPanelsTogether, panelBytes<T>,
    scratchBytes<T>, leftCodeBytes, quantiseLeft<T>,   pack<T>,         multiply<T>};

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
