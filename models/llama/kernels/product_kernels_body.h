// The kernels of product_kernels.h for one instruction set; see tiles.h.
#include "llama/kernels/tiles.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kBlockBytes = 384 * 1024; // of left rows that stay in the second cache
constexpr Index kLargestBlockRows = 96;
constexpr Index kRunSteps = 192; // of a panel that stay in the first cache while the block's rows pass

template <typename T>
std::size_t panelBytes(const Product<T>& product) {
    Index steps = 0;
    for (int i = 0; i < product.termCount; ++i)
        steps += stepsOf(product.terms[i]);
    return static_cast<std::size_t>(steps * kPanelColumns * kPackedBytes);
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
            to += stepsOf(product.terms[i]) * kPanelColumns * kPackedBytes;
        }
    }
};

template <typename T>
void pack(const Product<T>& product, Index panel, std::byte* packed) {
    withVectors(columnsOfPanel(product.columns, panel), PackWork<T>{product, panel, packed});
}

/// Rows of a block: so many that their left parts stay in the second cache.
LLAMAHOME_INLINE Index blockRows(Index depth) {
    const Index rows = kBlockBytes / (depth * kPackedBytes / 2) / kTileVectors * kTileVectors;
    return rows < kTileVectors ? kTileVectors : rows > kLargestBlockRows ? kLargestBlockRows : rows;
}

template <typename T>
LLAMAHOME_INLINE Index depthOf(const Product<T>& product) {
    Index depth = 1;
    for (int i = 0; i < product.termCount; ++i)
        depth += product.terms[i].depth;
    return depth;
}

template <typename T>
std::size_t scratchBytes(Index depth) {
    constexpr Index kPadding = kMostProductTerms * (kTileVectors * kPackedBytes + 64);
    const Index rows = blockRows(depth);
    return static_cast<std::size_t>(
        roundUp(rows * kPanelColumns * kPackedBytes + packedLeftBytes<T>(rows, depth) + kPadding, 64));
}

/// One block of rows times one panel.
template <typename T>
struct BlockWork {
    const Product<T>& product;
    const LeftOf<typename StepOf<T>::Type>* lefts;
    Index firstRow;
    Index rows;
    Index panel;
    const std::byte* packed;
    float* sums;

    template <Index kVectors>
    void run() const {
        using Step = typename StepOf<T>::Type;
        constexpr Index kRows = kTileVectors / kVectors;
        bool continues = false;
        const std::byte* from = packed;
        for (int i = 0; i < product.termCount; ++i) {
            const ProductTerm<T>& term = product.terms[i];
            const Index steps = stepsOf(term);
            for (Index s = 0; s < steps; s += kRunSteps) {
                const Index run = steps - s < kRunSteps ? steps - s : kRunSteps;
                for (Index r = 0; r < rows; r += kRows)
                    tile<Step, kVectors>(lefts[i].from(r, s), run,
                                         from + s * kVectors * kLanes * kPackedBytes, continues,
                                         sums + r * kVectors * kLanes);
                continues = true;
            }
            if (term.scale != 1.0F || term.sumKeep.bits != nullptr) scaleSums<kVectors>(term);
            from += steps * kPanelColumns * kPackedBytes;
        }
        finish<kVectors>();
    }

    template <Index kVectors>
    void scaleSums(const ProductTerm<T>& term) const {
        const KeepBits& keep = term.sumKeep;
        const Floats scale = all(term.scale) * roundTo(product.out, all(keep.scale));
        for (Index r = 0; r < rows; ++r)
            for (Index v = 0; v < kVectors; ++v) {
                float* const at = sums + (r * kVectors + v) * kLanes;
                Floats values = load(at) * scale;
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

template <typename T>
void multiply(const Product<T>& product, Index begin, Index end, Index firstPanel, Index endPanel,
              const std::byte* packed, std::byte* scratch) {
    using Step = typename StepOf<T>::Type;
    const Index most = blockRows(depthOf(product));
    const auto bytes = static_cast<Index>(panelBytes(product));
    for (Index first = begin; first < end; first += most) {
        const Index rows = end - first < most ? end - first : most;
        auto* const sums = reinterpret_cast<float*>(scratch);
        std::byte* space =
            scratch + roundUp(rows, kTileVectors) * kPanelColumns * static_cast<Index>(sizeof(float));
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
        for (Index panel = firstPanel; panel < endPanel; ++panel)
            withVectors(columnsOfPanel(product.columns, panel),
                        BlockWork<T>{product, lefts, first, rows, panel,
                                     packed + (panel - firstPanel) * bytes, sums});
    }
}

template <typename T>
constexpr ProductKernels<T> kProductKernels{kPanelColumns,   kTileVectors, panelBytes<T>,
                                            scratchBytes<T>, pack<T>,      multiply<T>};

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
