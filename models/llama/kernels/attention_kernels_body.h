// The kernels of attention_kernels.h for one instruction set; see tiles.h.
//
// Query rows pass in blocks of up to kBlockRows, keys in blocks of kBlockKeys; scores of a block stay in the
// second cache. Tiles above the diagonal are skipped.
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
    return stepsFor<T>(depth) * kPanelColumns * kPackedBytes;
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

// ---- forward ---------------------------------------------------------------------------------------------

template <typename T>
struct ForwardRoom {
    using Step = typename StepOf<T>::Type;

    LLAMAHOME_MEMBER ForwardRoom(Scratch& scratch, Index headDim, Index perKeyHead, Index mostKeys)
        : rows(paddedRows(perKeyHead))
        , queries(scratch.take<std::byte>(packedLeftBytes<T>(rows, stepsFor<T>(headDim))))
        , keys(scratch.take<std::byte>(packedBytesOf<T>(mostKeys, headDim)))
        , values(scratch.take<std::byte>(packedBlocksBytes<T>(headDim, mostKeys)))
        , scores(scratch.take<float>(rows * kBlockKeys))
        , probabilities(scratch.take<typename Step::Left>(rows * kBlockKeys))
        , sums(scratch.take<float>(rows * panelsOf(headDim) * kPanelColumns))
        , maximum(scratch.take<float>(rows))
        , total(scratch.take<float>(rows)) {}

    Index rows;
    std::byte* queries;
    std::byte* keys;
    std::byte* values; ///< a packed block of kBlockKeys after the other
    float* scores;     ///< panel by panel
    typename Step::Left* probabilities;
    float* sums;    ///< of the result, panel by panel
    float* maximum; ///< of every row so far
    float* total;   ///< of its exponentials
};

template <typename T>
std::size_t forwardScratch(Index headDim, Index perKeyHead, Index keys) {
    Scratch scratch(nullptr);
    ForwardRoom<T> room(scratch, headDim, perKeyHead, keys);
    return scratch.bytes();
}

/// Scores of the rows for keys [firstKey, firstKey + keys), where any is seen.
template <typename T>
LLAMAHOME_INLINE void makeScores(const QueryBlock& block, LeftOf<typename StepOf<T>::Type> queries,
                                 Index headDim, Index firstKey, Index keys, const std::byte* packedKeys,
                                 float* scores, Index paddedRows) {
    using Step = typename StepOf<T>::Type;
    for (Index column = 0; column < keys; column += kPanelColumns) {
        const std::byte* const panel = packedKeys + column / kPanelColumns * bytesOfPanel<T>(headDim);
        const Index first = block.firstRowOf(firstKey + column) / kScoreRows * kScoreRows;
        for (Index r = first; r < block.rows(); r += kScoreRows)
            tile<Step, kPanelVectors>(queries.from(r, 0), stepsFor<T>(headDim), panel, false,
                                      scores + (column / kPanelColumns * paddedRows + r) * kPanelColumns);
    }
}

/// Row r of scores becomes exponentials in `room.probabilities`, and what was summed before is scaled to the
/// new maximum. Columns from those seen up to `columns` become 0.
template <typename T>
LLAMAHOME_INLINE void softmaxRow(const ForwardRoom<T>& room, Index r, Index seen, Index columns,
                                 Index headDim, float scale) {
    const auto scoresAt = [&](Index column) {
        return room.scores + (column / kPanelColumns * room.rows + r) * kPanelColumns +
               column % kPanelColumns;
    };
    typename StepOf<T>::Type::Left* const to = room.probabilities + r * kBlockKeys;
    Floats most = all(room.maximum[r]);
    for (Index i = 0; i < seen; i += kLanes)
        most = larger(choose(lanesBelow(seen - i), load(scoresAt(i)) * scale, most), most);
    const float maximum = largestOf(most);
    Floats sums = all(0.0F);
    const Index whole = seen / kLanes * kLanes;
    for (Index i = 0; i < whole; i += kLanes) {
        const Floats e = exponential(load(scoresAt(i)) * scale - maximum);
        sums += e;
        store(to + i, e);
    }
    for (Index i = whole; i < columns; i += kLanes) {
        Floats e = all(0.0F);
        if (i < seen) e = choose(lanesBelow(seen - i), exponential(load(scoresAt(i)) * scale - maximum), e);
        sums += e;
        store(to + i, e);
    }
    const float shrink = exponential(all(room.maximum[r] - maximum))[0];
    room.total[r] = room.total[r] * shrink + sumOf(sums);
    room.maximum[r] = maximum;
    if (shrink == 1.0F) return;
    overHeadPanels(headDim, [&](Index panel, Index width, Index) {
        for (Index v = 0; v < vectorsFor(width); ++v) {
            float* const at = sumsAt(room.sums + panel * room.rows * kPanelColumns, width, r, v);
            store(at, load(at) * shrink);
        }
    });
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

template <typename T>
LLAMAHOME_INLINE void finishRows(const AttentionForward<T>& call, const ForwardRoom<T>& room,
                                 const QueryBlock& block, Index head) {
    const AttentionShape& shape = call.shape;
    const Index firstRow = head * shape.queryRows() + block.firstToken * shape.perKeyHead;
    for (Index r = 0; r < block.rows(); ++r) {
        const float inverse = 1.0F / room.total[r];
        call.softmax[firstRow + r] = {room.maximum[r], inverse};
        T* const to = call.out + (firstRow + r) * shape.headDim;
        overHeadPanels(shape.headDim, [&](Index panel, Index width, Index first) {
            for (Index v = 0; v * kLanes < width; ++v)
                storeSome(to + first + v * kLanes,
                          load(sumsAt(room.sums + panel * room.rows * kPanelColumns, width, r, v)) * inverse,
                          width - v * kLanes);
        });
    }
}

template <typename T>
void forward(const AttentionForward<T>& call, const AttentionItem& item, std::byte* memory) {
    const AttentionShape& shape = call.shape;
    const Index headDim = shape.headDim;
    Scratch scratch(memory);
    const Index itemKeys = item.endQuery + item.keyOffset - item.firstKey;
    const ForwardRoom<T> room(scratch, headDim, shape.perKeyHead, itemKeys);
    const Index keyAt = (item.keyHead * shape.keyTokens + item.firstKey) * headDim;
    packRight<T>({call.k + keyAt, itemKeys, headDim, true}, true, room.keys);
    packBlocks(call.v + keyAt, itemKeys, headDim, room.values);
    for (Index first = item.firstQuery; first < item.endQuery; first += blockTokens(shape.perKeyHead)) {
        const QueryBlock block = blockOf(shape, item, first);
        const auto queries =
            packQueries(headRows(call.q, shape.tokens, shape.perKeyHead, headDim, item.keyHead, first),
                        block.rows(), headDim, room.queries);
        __builtin_memset(room.sums, 0,
                         static_cast<std::size_t>(room.rows * panelsOf(headDim) * kPanelColumns) *
                             sizeof(float));
        for (Index r = 0; r < room.rows; ++r) {
            room.maximum[r] = -__builtin_inff();
            room.total[r] = 0.0F;
        }
        for (Index key = 0; key < block.seenByAll(); key += kBlockKeys) {
            const Index keys = lesser(kBlockKeys, block.seenByAll() - key);
            makeScores<T>(block, queries, headDim, key, keys,
                          room.keys + key / kPanelColumns * bytesOfPanel<T>(headDim), room.scores, room.rows);
            for (Index r = block.firstRowOf(key); r < block.rows(); ++r) {
                const Index lastOfTile = lesser(roundUp(r + 1, kTileVectors), block.rows()) - 1;
                const Index columns = lesser(keys, block.seenBy(lastOfTile) - key);
                softmaxRow(room, r, lesser(keys, block.seenBy(r) - key), columns, headDim, call.scale);
            }
            for (Index r = block.rows(); r < roundUp(block.rows(), kTileVectors); ++r)
                __builtin_memset(room.probabilities + r * kBlockKeys, 0,
                                 kBlockKeys * sizeof(*room.probabilities));
            // Rows of a tile that see none of these keys.
            for (Index r = block.firstRowOf(key) / kTileVectors * kTileVectors; r < block.firstRowOf(key);
                 ++r)
                __builtin_memset(room.probabilities + r * kBlockKeys, 0,
                                 kBlockKeys * sizeof(*room.probabilities));
            const LeftOf<typename StepOf<T>::Type> left{room.probabilities, kBlockKeys};
            overHeadPanels(headDim, [&](Index panel, Index width, Index) {
                withVectors(width, AddValues<T>{block, left, key, keys,
                                                panelOfBlock<T>(room.values, key, itemKeys, panel, headDim),
                                                room.sums + panel * room.rows * kPanelColumns});
            });
        }
        finishRows(call, room, block, item.keyHead);
    }
}

// ---- backward --------------------------------------------------------------------------------------------

template <typename T>
struct BackwardRoom {
    using Step = typename StepOf<T>::Type;
    using Left = typename Step::Left;

    LLAMAHOME_MEMBER BackwardRoom(Scratch& scratch, Index headDim, Index perKeyHead, Index mostKeys)
        : rows(paddedRows(perKeyHead))
        , keys(roundUp(mostKeys, kBlockKeys))
        , keyColumns(scratch.take<std::byte>(packedBytesOf<T>(keys, headDim)))
        , valueColumns(scratch.take<std::byte>(packedBytesOf<T>(keys, headDim)))
        , keyRows(scratch.take<std::byte>(packedBlocksBytes<T>(headDim, mostKeys)))
        , queryLeft(scratch.take<std::byte>(packedLeftBytes<T>(rows, stepsFor<T>(headDim))))
        , doutLeft(scratch.take<std::byte>(packedLeftBytes<T>(rows, stepsFor<T>(headDim))))
        , queryRows(scratch.take<std::byte>(packedBytesOf<T>(headDim, rows)))
        , doutRows(scratch.take<std::byte>(packedBytesOf<T>(headDim, rows)))
        , p(scratch.take<Left>(rows * kBlockKeys))
        , ds(scratch.take<Left>(rows * kBlockKeys))
        , dsPairs(Step::kElements == 1 ? ds : scratch.take<Left>(rows * kBlockKeys))
        , delta(scratch.take<float>(rows))
        , dq(scratch.take<float>(rows * panelsOf(headDim) * kPanelColumns))
        , dk(scratch.take<float>(keys * panelsOf(headDim) * kPanelColumns))
        , dv(scratch.take<float>(keys * panelsOf(headDim) * kPanelColumns)) {}

    Index rows;
    Index keys;
    std::byte* keyColumns;
    std::byte* valueColumns;
    std::byte* keyRows; ///< a packed block of kBlockKeys after the other
    std::byte* queryLeft;
    std::byte* doutLeft;
    std::byte* queryRows;
    std::byte* doutRows;
    Left* p;       ///< steps of rows [rows / elements][kBlockKeys]
    Left* ds;      ///< [rows][kBlockKeys]
    Left* dsPairs; ///< as p
    float* delta;
    float* dq; ///< tile sums, panel by panel, as are dk and dv
    float* dk;
    float* dv;
};

template <typename T>
std::size_t backwardScratch(Index headDim, Index perKeyHead, Index keys) {
    Scratch scratch(nullptr);
    BackwardRoom<T> room(scratch, headDim, perKeyHead, keys);
    return scratch.bytes();
}

/// Probability and gradient of one vector of scores.
struct Slope {
    Floats p;
    Floats ds;
};

/// p and ds of rows r and r + 1 of a tile, columns from `column` on.
template <typename T>
LLAMAHOME_INLINE void storePair(const BackwardRoom<T>& room, Index r, Index column, const Slope& even,
                                const Slope& odd) {
    store(room.ds + r * kBlockKeys + column, even.ds);
    store(room.ds + (r + 1) * kBlockKeys + column, odd.ds);
    if constexpr (StepOf<T>::Type::kElements == 1) {
        store(room.p + r * kBlockKeys + column, even.p);
        store(room.p + (r + 1) * kBlockKeys + column, odd.p);
    } else {
        const Index at = (r / 2 * kBlockKeys + column) * 2;
        const Words p = asWords(narrow(even.p)) | asWords(narrow(odd.p)) << 16;
        const Words ds = asWords(narrow(even.ds)) | asWords(narrow(odd.ds)) << 16;
        __builtin_memcpy(room.p + at, &p, sizeof p);
        __builtin_memcpy(room.dsPairs + at, &ds, sizeof ds);
    }
}

/// Probabilities and the gradients of the scores of one block of queries and keys.
template <typename T>
LLAMAHOME_INLINE void makeSlopes(const AttentionForward<T>& call, const BackwardRoom<T>& room,
                                 const QueryBlock& block, const SoftmaxRow* softmax,
                                 LeftOf<typename StepOf<T>::Type> queries,
                                 LeftOf<typename StepOf<T>::Type> douts, Index key, Index keys) {
    using Step = typename StepOf<T>::Type;
    const Index headDim = call.shape.headDim;
    float scores[kTileVectors * kLanes];
    float dp[kTileVectors * kLanes];
    // Tiles of keys may reach beyond the last panel: zeros stand there.
    const Index columns = lesser(kBlockKeys, roundUp(keys, kPanelColumns) + kTileVectors);
    for (Index column = 0; column < columns; column += kPanelColumns) {
        const Index offset = (key + column) / kPanelColumns * bytesOfPanel<T>(headDim);
        for (Index r = 0; r < roundUp(block.rows(), kTileVectors); r += kScoreRows) {
            const bool isSeen =
                r < block.rows() && block.seenBy(lesser(r + kScoreRows, block.rows()) - 1) > key + column;
            if (isSeen) {
                tile<Step, kPanelVectors>(queries.from(r, 0), stepsFor<T>(headDim), room.keyColumns + offset,
                                          false, scores);
                tile<Step, kPanelVectors>(douts.from(r, 0), stepsFor<T>(headDim), room.valueColumns + offset,
                                          false, dp);
            }
            for (Index i = 0; i < kScoreRows; i += 2)
                for (Index v = 0; v < kPanelVectors; ++v) {
                    Slope slopes[2] = {{all(0.0F), all(0.0F)}, {all(0.0F), all(0.0F)}};
                    for (Index odd = 0; odd < 2 && isSeen; ++odd) {
                        const Index row = r + i + odd;
                        if (row >= block.rows()) break;
                        const Index at = ((i + odd) * kPanelVectors + v) * kLanes;
                        const Index seen = block.seenBy(row) - (key + column + v * kLanes);
                        const Floats p =
                            choose(lanesBelow(seen),
                                   exponential(load(scores + at) * call.scale - softmax[row].maximum) *
                                       softmax[row].inverseSum,
                                   all(0.0F));
                        slopes[odd] = {p, p * (load(dp + at) - room.delta[row]) * call.scale};
                    }
                    storePair(room, r + i, column + v * kLanes, slopes[0], slopes[1]);
                }
        }
    }
}

/// dk and dv of one block of keys, from the rows that see them.
template <typename T>
struct AddKeys {
    const BackwardRoom<T>& room;
    const QueryBlock& block;
    Index key;
    Index keys;
    Index panel;

    template <Index kVectors>
    void run() const {
        using Step = typename StepOf<T>::Type;
        constexpr Index kRows = kTileVectors / kVectors;
        constexpr Index kElements = Step::kElements;
        const Index steps = stepsFor<T>(block.rows());
        const Index panelBytes = bytesOfPanel<T>(block.rows());
        const LeftOf<Step> p{room.p, kElements, kBlockKeys * kElements};
        const LeftOf<Step> ds{room.dsPairs, kElements, kBlockKeys * kElements};
        for (Index i = 0; i < keys; i += kRows) {
            const Index skipped = block.firstRowOf(key + i) / kElements;
            if (skipped >= steps) continue;
            const Index from = panel * panelBytes + skipped * kVectors * kLanes * kPackedBytes;
            const Index to = panel * room.keys * kPanelColumns + (key + i) * kVectors * kLanes;
            tile<Step, kVectors>(p.from(i, skipped), steps - skipped, room.doutRows + from, true,
                                 room.dv + to);
            tile<Step, kVectors>(ds.from(i, skipped), steps - skipped, room.queryRows + from, true,
                                 room.dk + to);
        }
    }
};

template <typename T>
LLAMAHOME_INLINE void addSums(const float* sums, Index rows, Index paddedRows, Index headDim, float* to) {
    overHeadPanels(headDim, [&](Index panel, Index width, Index first) {
        for (Index r = 0; r < rows; ++r)
            for (Index v = 0; v * kLanes < width; ++v) {
                float* const at = to + r * headDim + first + v * kLanes;
                const Floats added =
                    load(sums + panel * paddedRows * kPanelColumns + (r * vectorsFor(width) + v) * kLanes);
                storeSome(at, loadSome(at, width - v * kLanes) + added, width - v * kLanes);
            }
    });
}

/// delta[r] = sum of a · b over row r.
template <typename T>
LLAMAHOME_INLINE void rowDot(Index rows, Index width, const T* a, const T* b, float* delta) {
    for (Index row = 0; row < rows; ++row) {
        Floats products = all(0.0F);
        for (Index i = 0; i < width; i += kLanes)
            products += loadSome(a + row * width + i, width - i) * loadSome(b + row * width + i, width - i);
        delta[row] = sumOf(products);
    }
}

template <typename T>
void backward(const AttentionBackward<T>& call, const AttentionItem& item, std::byte* memory) {
    const AttentionForward<T>& made = call.forward;
    const AttentionShape& shape = made.shape;
    const Index headDim = shape.headDim;
    const Index seen = item.endQuery + item.keyOffset - item.firstKey;
    Scratch scratch(memory);
    const BackwardRoom<T> room(scratch, headDim, shape.perKeyHead, seen);
    const Index keyAt = (item.keyHead * shape.keyTokens + item.firstKey) * headDim;
    packRight<T>({made.k + keyAt, seen, headDim, true}, true, room.keyColumns);
    packRight<T>({made.v + keyAt, seen, headDim, true}, true, room.valueColumns);
    packBlocks(made.k + keyAt, seen, headDim, room.keyRows);
    const auto sumBytes =
        static_cast<std::size_t>(room.keys * panelsOf(headDim) * kPanelColumns) * sizeof(float);
    __builtin_memset(room.dk, 0, sumBytes);
    __builtin_memset(room.dv, 0, sumBytes);
    for (Index first = item.firstQuery; first < item.endQuery; first += blockTokens(shape.perKeyHead)) {
        const QueryBlock block = blockOf(shape, item, first);
        const Index firstRow = item.keyHead * shape.queryRows() + first * shape.perKeyHead;
        const Index rows = block.rows();
        const T* const q = made.q + firstRow * headDim;
        const T* const dout = call.dout + firstRow * headDim;
        const auto queries = packQueries(q, rows, headDim, room.queryLeft);
        const auto douts = packQueries(dout, rows, headDim, room.doutLeft);
        packRight<T>({q, rows, headDim, false}, false, room.queryRows);
        packRight<T>({dout, rows, headDim, false}, false, room.doutRows);
        rowDot(rows, headDim, dout, made.out + firstRow * headDim, room.delta);
        __builtin_memset(room.dq, 0,
                         static_cast<std::size_t>(room.rows * panelsOf(headDim) * kPanelColumns) *
                             sizeof(float));
        for (Index key = 0; key < block.seenByAll(); key += kBlockKeys) {
            const Index keys = lesser(kBlockKeys, block.seenByAll() - key);
            makeSlopes(made, room, block, made.softmax + firstRow, queries, douts, key, keys);
            const LeftOf<typename StepOf<T>::Type> ds{room.ds, kBlockKeys};
            overHeadPanels(headDim, [&](Index panel, Index width, Index) {
                const std::byte* const keyPanel = panelOfBlock<T>(room.keyRows, key, seen, panel, headDim);
                withVectors(width, AddValues<T>{block, ds, key, keys, keyPanel,
                                                room.dq + panel * room.rows * kPanelColumns});
                withVectors(width, AddKeys<T>{room, block, key, keys, panel});
            });
        }
        overHeadPanels(headDim, [&](Index panel, Index width, Index column) {
            for (Index r = 0; r < rows; ++r)
                for (Index v = 0; v * kLanes < width; ++v)
                    storeSome(call.dq + (firstRow + r) * headDim + column + v * kLanes,
                              load(sumsAt(room.dq + panel * room.rows * kPanelColumns, width, r, v)),
                              width - v * kLanes);
        });
    }
    addSums<T>(room.dk, seen, room.keys, headDim, call.dk + keyAt);
    addSums<T>(room.dv, seen, room.keys, headDim, call.dv + keyAt);
}

template <typename T>
constexpr AttentionKernels<T> kAttentionKernels{blockTokens, forwardScratch<T>, backwardScratch<T>,
                                                forward<T>, backward<T>};

} // namespace

template <typename T>
const AttentionKernels<T>& attentionKernels();
template <>
const AttentionKernels<float>& attentionKernels<float>() {
    return kAttentionKernels<float>;
}
template <>
const AttentionKernels<Bfloat16>& attentionKernels<Bfloat16>() {
    return kAttentionKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
