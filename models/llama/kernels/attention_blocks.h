// What attention's forward and backward share: blocks of query rows, blocks of packed keys, and the sums that
// both make of rows that see keys. Included once by each level_*.cpp; see tiles.h.
//
// Query rows pass in blocks of up to kBlockRows, keys in blocks of kBlockKeys; scores of a block stay in the
// second cache. Tiles above the diagonal are skipped.
#pragma once

#include "llama/kernels/attention_types.h"
#include "llama/kernels/tiles.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kBlockRows = 240; // whole tiles, whole pairs
constexpr Index kBlockKeys = 192; // whole tiles and panels
constexpr Index kScoreRows = kTileVectors / kPanelVectors;
static_assert(kBlockRows % kTileVectors == 0 && kBlockKeys % kTileVectors == 0 &&
              kBlockKeys % kPanelColumns == 0 && kScoreRows % 2 == 0);

LLAMAHOME_INLINE Index lesser(Index a, Index b) {
    return a < b ? a : b;
}
LLAMAHOME_INLINE Index greater(Index a, Index b) {
    return a > b ? a : b;
}

/// Tokens whose query rows are one block, and those rows up to whole tiles.
Index blockTokens(Index perKeyHead) {
    return greater(1, kBlockRows / perKeyHead);
}
LLAMAHOME_INLINE Index paddedRows(Index perKeyHead) {
    return roundUp(blockTokens(perKeyHead) * perKeyHead, kTileVectors);
}

/// Takes parts of the scratch, one after the other, each of whole cache lines.
class Scratch {
public:
    /// Null: only counts the bytes.
    explicit LLAMAHOME_MEMBER Scratch(std::byte* from)
        : m_from(from) {}

    template <typename U>
    LLAMAHOME_MEMBER U* take(Index count) {
        U* const taken = m_from != nullptr ? reinterpret_cast<U*>(m_from + m_used) : nullptr;
        m_used += roundUp(count * static_cast<Index>(sizeof(U)), 64);
        return taken;
    }
    LLAMAHOME_MEMBER std::size_t bytes() const { return static_cast<std::size_t>(m_used); }

private:
    std::byte* m_from;
    Index m_used = 0;
};

/// A stored matrix [count, width] as the right one of a product, packed panel by panel.
template <typename T>
struct RightRows {
    const T* rows;
    Index count;
    Index width;
    bool isTransposed; ///< its rows are the product's columns

    LLAMAHOME_MEMBER Index columns() const { return isTransposed ? count : width; }
    LLAMAHOME_MEMBER Index depth() const { return isTransposed ? width : count; }
};

template <typename T>
LLAMAHOME_INLINE Index stepsFor(Index depth) {
    constexpr Index kElements = StepOf<T>::Type::kElements;
    return (depth + kElements - 1) / kElements;
}

LLAMAHOME_INLINE Index panelsOf(Index columns) {
    return (columns + kPanelColumns - 1) / kPanelColumns;
}

/// Bytes of a panel that is `depth` deep.
template <typename T>
LLAMAHOME_INLINE Index bytesOfPanel(Index depth) {
    return stepsFor<T>(depth) * kPanelColumns * kLaneBytes;
}

template <typename T>
LLAMAHOME_INLINE Index packedBytesOf(Index columns, Index depth) {
    return panelsOf(columns) * bytesOfPanel<T>(depth);
}

template <typename T>
struct PackRight {
    const ProductTerm<T>& term;
    Index first;
    Index columns;
    std::byte* to;

    template <Index kVectors>
    void run() const {
        packTerm<T, kVectors>(term, first, columns, to);
    }
};

template <typename T>
LLAMAHOME_INLINE void packRight(const RightRows<T>& right, bool wholePanels, std::byte* to) {
    ProductTerm<T> term;
    term.depth = right.depth();
    term.right.data = right.rows;
    term.right.stride = right.width;
    term.right.isTransposed = right.isTransposed;
    for (Index first = 0; first < right.columns(); first += kPanelColumns) {
        const Index columns = lesser(kPanelColumns, right.columns() - first);
        const PackRight<T> work{term, first, columns, to};
        if (wholePanels)
            work.template run<kPanelVectors>();
        else
            withVectors(columns, work);
        to += bytesOfPanel<T>(term.depth);
    }
}

/// Rows [count, width] as right matrices of kBlockKeys rows each, one after the other.
template <typename T>
LLAMAHOME_INLINE Index packedBlocksBytes(Index width, Index count) {
    return roundUp(count, kBlockKeys) / kBlockKeys * packedBytesOf<T>(width, kBlockKeys);
}
template <typename T>
LLAMAHOME_INLINE void packBlocks(const T* rows, Index count, Index width, std::byte* to) {
    for (Index first = 0; first < count; first += kBlockKeys)
        packRight<T>({rows + first * width, lesser(kBlockKeys, count - first), width, false}, false,
                     to + first / kBlockKeys * packedBytesOf<T>(width, kBlockKeys));
}
/// A panel of the block that begins with row `first`.
template <typename T>
LLAMAHOME_INLINE const std::byte* panelOfBlock(const std::byte* packed, Index first, Index count, Index panel,
                                               Index width) {
    return packed + first / kBlockKeys * packedBytesOf<T>(width, kBlockKeys) +
           panel * bytesOfPanel<T>(lesser(kBlockKeys, count - first));
}

/// Rows of queries or of their gradients as the left matrix of a product, with zeros up to `padded` rows.
template <typename T>
LLAMAHOME_INLINE LeftOf<typename StepOf<T>::Type> packQueries(const T* rows, Index count, Index width,
                                                              std::byte* to) {
    ProductTerm<T> term;
    term.left = rows;
    term.leftStride = width;
    term.depth = width;
    return packLeft(term, 0, count, to);
}

/// The vector of tile sums that holds row r, columns from v · kLanes on, of a panel `columns` wide.
LLAMAHOME_INLINE float* sumsAt(float* sums, Index columns, Index r, Index v) {
    return sums + (r * vectorsFor(columns) + v) * kLanes;
}

/// Calls work(panel, columns, first) for the panels of head_dim columns.
template <typename Work>
LLAMAHOME_INLINE void overHeadPanels(Index headDim, const Work& work) {
    for (Index first = 0; first < headDim; first += kPanelColumns)
        work(first / kPanelColumns, lesser(kPanelColumns, headDim - first), first);
}

/// A block of query rows and what they see.
struct QueryBlock {
    Index firstToken;
    Index tokens;
    Index perKeyHead;
    Index firstSeen; ///< keys that its first token sees

    LLAMAHOME_MEMBER Index rows() const { return tokens * perKeyHead; }
    /// Keys that row r sees.
    LLAMAHOME_MEMBER Index seenBy(Index r) const { return firstSeen + r / perKeyHead; }
    LLAMAHOME_MEMBER Index seenByAll() const { return firstSeen + tokens - 1; }
    /// First row that sees key number `key`.
    LLAMAHOME_MEMBER Index firstRowOf(Index key) const {
        return greater(0, (key + 1 - firstSeen) * perKeyHead);
    }
};

LLAMAHOME_INLINE QueryBlock blockOf(const AttentionShape& shape, const AttentionItem& item, Index first) {
    return {first, lesser(blockTokens(shape.perKeyHead), item.endQuery - first), shape.perKeyHead,
            first + item.keyOffset + 1 - item.firstKey};
}

template <typename T>
LLAMAHOME_INLINE const T* headRows(const T* heads, Index tokens, Index perHead, Index headDim, Index head,
                                   Index token) {
    return heads + (head * tokens + token) * perHead * headDim;
}

/// sums += probabilities · values of one block of keys. Rows go tile by tile, each as deep as it sees.
template <typename T>
struct AddValues {
    const QueryBlock& block;
    LeftOf<typename StepOf<T>::Type> left;
    Index firstKey;
    Index keys;
    const std::byte* panel;
    float* sums;

    template <Index kVectors>
    void run() const {
        using Step = typename StepOf<T>::Type;
        constexpr Index kRows = kTileVectors / kVectors;
        for (Index r = 0; r < block.rows(); r += kRows) {
            const Index last = lesser(r + kRows, block.rows()) - 1;
            const Index seen = lesser(keys, block.seenBy(last) - firstKey);
            if (seen <= 0) continue;
            tile<Step, kVectors>(left.from(r, 0), stepsFor<T>(seen), panel, true,
                                 sums + r * kVectors * kLanes);
        }
    }
};

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
