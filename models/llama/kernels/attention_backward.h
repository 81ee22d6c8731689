// Attention's backward: the scores again, and the gradients of queries, keys and values; see
// attention_blocks.h.
#pragma once

#include "llama/kernels/attention_blocks.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

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
            const Index from = panel * panelBytes + skipped * kVectors * kLanes * kLaneBytes;
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

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
