#include "llama/fast/block_attention.h"

#include <algorithm>
#include <cmath>

#include "llama/fast/row_work.h"
#include "llama/train/workspace_plan.h"

namespace llamahome::engine {
namespace {

/// A block of query rows of one sequence and the keys that it sees.
struct Block {
    std::int64_t firstKey; ///< token
    std::int64_t keys;     ///< up to the block's last token
    std::int64_t firstQuery;
    std::int64_t queries; ///< tokens

    /// Keys that the block's first query sees beside itself.
    std::int64_t keysBefore() const { return firstQuery - firstKey; }
};

std::vector<Block> blocksOf(const std::vector<std::int64_t>& cu_seqlens) {
    std::vector<Block> blocks;
    for (std::size_t row = 0; row + 1 < cu_seqlens.size(); ++row)
        for (std::int64_t first = cu_seqlens[row]; first < cu_seqlens[row + 1];
             first += kAttentionBlockTokens) {
            const std::int64_t end = std::min(first + kAttentionBlockTokens, cu_seqlens[row + 1]);
            blocks.push_back({cu_seqlens[row], end - cu_seqlens[row], first, end - first});
        }
    return blocks;
}

at::Tensor keysOf(const at::Tensor& heads, const Block& block) {
    return heads.narrow(1, block.firstKey, block.keys);
}

at::Tensor queriesOf(const at::Tensor& heads, const Block& block, const AttentionShape& shape) {
    return heads.narrow(1, block.firstQuery * shape.perKeyHead, block.queries * shape.perKeyHead);
}

/// Calls `work(type, begin, end, head)` for query rows of the block, counted within a key head.
template <typename Work>
void overBlockRows(const at::Tensor& scores, Work work) {
    const std::int64_t rows = scores.size(1);
    withElements(scores, [&](auto type) {
        overRows(scores.size(0) * rows, scores.size(2), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t at = begin; at < end;) {
                const std::int64_t head = at / rows;
                const std::int64_t last = std::min(end, (head + 1) * rows);
                work(type, at - head * rows, last - head * rows, head);
                at = last;
            }
        });
    });
}

/// Memory of a head's part of the block in a tensor over all query rows.
template <typename T>
T* rowsOfHead(const at::Tensor& tensor, const Block& block, const AttentionShape& shape, std::int64_t head,
              std::int64_t width) {
    return elements<T>(tensor) + (head * shape.queryRows() + block.firstQuery * shape.perKeyHead) * width;
}

/// A contiguous copy of a part: ATen would make one of its own for each product.
at::Tensor packed(const at::Tensor& part, Workspace& workspace) {
    return workspace.take(part.sizes(), part.scalar_type()).copy_(part);
}

/// sums += leftᵀ · right over the keys of the block, of each key head. Summed in fp32, because every block of
/// queries adds its part.
void addToKeys(const at::Tensor& sums, const at::Tensor& left, const at::Tensor& right, const Block& block,
               Products& products, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    const at::Tensor part = workspace.take({left.size(0), block.keys, right.size(2)}, left.scalar_type());
    products.multiplyEachInto(left.transpose(1, 2), right, part);
    for (std::int64_t head = 0; head < part.size(0); ++head)
        addScaledInto(sums.select(0, head).narrow(0, block.firstKey, block.keys), part.select(0, head), 1.0);
}

float scaleOf(const AttentionShape& shape) {
    return 1.0F / std::sqrt(static_cast<float>(shape.headDim));
}

} // namespace

at::Tensor takeSoftmaxRows(const AttentionShape& shape, Workspace& workspace) {
    static_assert(sizeof(SoftmaxRow) == 2 * sizeof(float));
    return workspace.take({shape.keyHeads, shape.queryRows(), 2}, at::kFloat);
}

void blockAttention(const AttentionShape& shape, const AttentionInput& input,
                    const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                    const at::Tensor& softmaxRows, Products& products, Workspace& workspace) {
    const float scale = scaleOf(shape);
    for (const Block& block : blocksOf(cu_seqlens)) {
        const WorkspaceScope scope(workspace);
        const at::Tensor q = packed(queriesOf(input.q, block, shape), workspace);
        const at::Tensor k = packed(keysOf(input.k, block), workspace);
        const at::Tensor v = packed(keysOf(input.v, block), workspace);
        const at::Tensor scores = workspace.take({shape.keyHeads, q.size(1), block.keys}, q.scalar_type());
        products.multiplyEachInto(q, k.transpose(1, 2), scores);
        overBlockRows(scores, [&](auto type, std::int64_t begin, std::int64_t end, std::int64_t head) {
            using T = decltype(type);
            rowKernels<T>().causalSoftmax(begin, end, block.keys, block.keysBefore(), shape.perKeyHead, scale,
                                          elements<T>(scores) + head * q.size(1) * block.keys,
                                          rowsOfHead<SoftmaxRow>(softmaxRows, block, shape, head, 1));
        });
        products.multiplyEachInto(scores, v, q); // whose scores are made
        queriesOf(out, block, shape).copy_(q);
    }
}

void blockAttentionBackward(const AttentionShape& shape, const AttentionInput& input,
                            const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                            const at::Tensor& softmaxRows, const at::Tensor& dout,
                            const AttentionInput& gradient, Products& products, Workspace& workspace) {
    const float scale = scaleOf(shape);
    at::Tensor dk = gradient.k;
    at::Tensor dv = gradient.v;
    dk.zero_();
    dv.zero_();
    for (const Block& block : blocksOf(cu_seqlens)) {
        const WorkspaceScope scope(workspace);
        const at::Tensor q = packed(queriesOf(input.q, block, shape), workspace);
        const at::Tensor k = packed(keysOf(input.k, block), workspace);
        const at::Tensor v = packed(keysOf(input.v, block), workspace);
        const at::Tensor d = packed(queriesOf(dout, block, shape), workspace);
        const std::int64_t rows = q.size(1);
        const at::Tensor p = workspace.take({shape.keyHeads, rows, block.keys}, q.scalar_type());
        const at::Tensor ds = workspace.take({shape.keyHeads, rows, block.keys}, q.scalar_type());
        const at::Tensor delta = workspace.take({shape.keyHeads, rows}, at::kFloat);
        products.multiplyEachInto(q, k.transpose(1, 2), p);
        products.multiplyEachInto(d, v.transpose(1, 2), ds);
        overBlockRows(p, [&](auto type, std::int64_t begin, std::int64_t end, std::int64_t head) {
            using T = decltype(type);
            const RowKernels<T>& kernels = rowKernels<T>();
            const std::int64_t scores = head * rows * block.keys;
            kernels.causalProbabilities(begin, end, block.keys, block.keysBefore(), shape.perKeyHead, scale,
                                        elements<T>(p) + scores,
                                        rowsOfHead<SoftmaxRow>(softmaxRows, block, shape, head, 1));
            kernels.rowDot(begin, end, shape.headDim, rowsOfHead<T>(dout, block, shape, head, shape.headDim),
                           rowsOfHead<T>(out, block, shape, head, shape.headDim),
                           elements<float>(delta) + head * rows);
            kernels.softmaxBackward(begin, end, block.keys, scale, elements<T>(p) + scores,
                                    elements<float>(delta) + head * rows, elements<T>(ds) + scores);
        });
        addToKeys(dk, ds, q, block, products, workspace);
        addToKeys(dv, p, d, block, products, workspace);
        products.multiplyEachInto(ds, k, q); // which is not needed any more
        queriesOf(gradient.q, block, shape).copy_(q);
    }
}

} // namespace llamahome::engine
