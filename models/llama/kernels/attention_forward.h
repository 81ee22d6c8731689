// Attention's forward: scores, an online softmax, and the values' sums; see attention_blocks.h.
#pragma once

#include "llama/kernels/attention_blocks.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

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

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
