#include "llama/fast/fast_attention.h"

#include <algorithm>
#include <cmath>

#include "llama/fast/row_work.h"
#include "llama/fast/work_queue.h"
#include "llama/kernels/attention_kernels.h"
#include "llama/nn/pass_shapes.h"

namespace llamahome::engine {
namespace {

/// Query rows of a key head, for one thread; `part` of those whose sums over the same keys are kept apart.
struct Share {
    AttentionItem item;
    std::int64_t part;

    double cost() const {
        const auto first = static_cast<double>(item.firstQuery + item.keyOffset - item.firstKey);
        const auto end = static_cast<double>(item.endQuery + item.keyOffset - item.firstKey);
        return end * end - first * first;
    }
};

/// The queries of every sequence and key head in `parts` of about equal cost; the dearest first, so that
/// threads that take the next one end together. `keysBefore` keys lie before the tokens' own.
std::vector<Share> sharesOf(const AttentionShape& shape, const std::vector<std::int64_t>& cu_seqlens,
                            std::int64_t parts, std::int64_t blockTokens, std::int64_t keysBefore) {
    std::vector<Share> shares;
    for (std::size_t row = 0; row + 1 < cu_seqlens.size(); ++row) {
        const std::int64_t first = cu_seqlens[row];
        const std::int64_t length = cu_seqlens[row + 1] - first;
        for (std::int64_t part = 0; part < parts; ++part) {
            const auto border = [&](std::int64_t number) {
                const double place = std::sqrt(static_cast<double>(number) / static_cast<double>(parts));
                const std::int64_t blocks =
                    std::llround(place * static_cast<double>(length) / static_cast<double>(blockTokens));
                return number == parts ? first + length : first + std::min(length, blocks * blockTokens);
            };
            if (border(part) == border(part + 1)) continue;
            for (std::int64_t head = 0; head < shape.keyHeads; ++head)
                shares.push_back({{head, border(part), border(part + 1), first, keysBefore}, part});
        }
    }
    std::stable_sort(shares.begin(), shares.end(),
                     [](const Share& a, const Share& b) { return a.cost() > b.cost(); });
    return shares;
}

/// Calls `work(share, scratch)` for all of them on all threads.
template <typename Work>
void overShares(const std::vector<Share>& shares, std::size_t scratchBytes, Workspace& workspace, Work work) {
    const WorkspaceScope scope(workspace);
    const at::Tensor scratch = workspace.take(
        {threadsFor(static_cast<std::int64_t>(shares.size())), static_cast<std::int64_t>(scratchBytes)},
        at::kByte);
    takeInTurn(static_cast<std::int64_t>(shares.size()), [&](std::int64_t number, std::int64_t thread) {
        work(shares[static_cast<std::size_t>(number)],
             elements<std::byte>(scratch) + static_cast<std::size_t>(thread) * scratchBytes);
    });
}

/// Pairs of a query row and a key that it sees, times head_dim: the multiply-adds of one product.
std::uint64_t multiplyAdds(const AttentionShape& shape, const std::vector<std::int64_t>& cu_seqlens,
                           std::int64_t keysBefore) {
    std::int64_t pairs = 0;
    for (std::size_t row = 0; row + 1 < cu_seqlens.size(); ++row) {
        const std::int64_t length = cu_seqlens[row + 1] - cu_seqlens[row];
        pairs += length * keysBefore + length * (length + 1) / 2;
    }
    return static_cast<std::uint64_t>(pairs * shape.keyHeads * shape.perKeyHead * shape.headDim);
}

template <typename T>
AttentionForward<T> callOf(const AttentionShape& shape, const AttentionInput& input, const at::Tensor& out,
                           const at::Tensor& softmaxRows) {
    return {shape,
            1.0F / std::sqrt(static_cast<float>(shape.headDim)),
            elements<T>(input.q),
            elements<T>(input.k),
            elements<T>(input.v),
            elements<T>(out),
            elements<SoftmaxRow>(softmaxRows)};
}

std::int64_t longestOf(const std::vector<std::int64_t>& cu_seqlens) {
    std::int64_t longest = 0;
    for (std::size_t row = 0; row + 1 < cu_seqlens.size(); ++row)
        longest = std::max(longest, cu_seqlens[row + 1] - cu_seqlens[row]);
    return longest;
}

std::int64_t partsOf(const AttentionShape& shape, const std::vector<std::int64_t>& cu_seqlens) {
    return attentionParts(static_cast<std::int64_t>(cu_seqlens.size()) - 1, shape.keyHeads);
}

/// Of the forward, where nothing is summed across parts and no number depends on the cut.
std::int64_t forwardPartsOf(const AttentionShape& shape, const std::vector<std::int64_t>& cu_seqlens) {
    constexpr std::int64_t kSharesOfAThread = 4;
    const std::int64_t heads = (static_cast<std::int64_t>(cu_seqlens.size()) - 1) * shape.keyHeads;
    return std::max(partsOf(shape, cu_seqlens), kSharesOfAThread * at::get_num_threads() / heads);
}

} // namespace

at::Tensor takeSoftmaxRows(const AttentionShape& shape, Workspace& workspace) {
    static_assert(sizeof(SoftmaxRow) == 2 * sizeof(float));
    return workspace.take({shape.keyHeads, shape.queryRows(), 2}, at::kFloat);
}

void attentionInto(const AttentionShape& shape, const AttentionInput& input,
                   const std::vector<std::int64_t>& cu_seqlens, std::int64_t keysBefore,
                   const at::Tensor& out, const at::Tensor& softmaxRows, Products& products,
                   Workspace& workspace) {
    assert(keysBefore == 0 || cu_seqlens.size() == 2);
    products.add(2 * multiplyAdds(shape, cu_seqlens, keysBefore));
    withElements(out, [&](auto type) {
        using T = decltype(type);
        const AttentionKernels<T>& kernels = attentionKernels<T>();
        const AttentionForward<T> call = callOf<T>(shape, input, out, softmaxRows);
        overShares(
            sharesOf(shape, cu_seqlens, forwardPartsOf(shape, cu_seqlens),
                     kernels.blockTokens(shape.perKeyHead), keysBefore),
            kernels.forwardScratch(shape.headDim, shape.perKeyHead, keysBefore + longestOf(cu_seqlens)),
            workspace,
            [&](const Share& share, std::byte* scratch) { kernels.forward(call, share.item, scratch); });
    });
}

void attentionBackwardInto(const AttentionShape& shape, const AttentionInput& input,
                           const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                           const at::Tensor& softmaxRows, const at::Tensor& dout,
                           const AttentionInput& gradient, Products& products, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    const std::int64_t parts = partsOf(shape, cu_seqlens);
    const auto takeSums = [&] {
        return workspace.take({parts, shape.keyHeads, shape.keyTokens, shape.headDim}, at::kFloat).zero_();
    };
    const at::Tensor dk = takeSums();
    const at::Tensor dv = takeSums();
    products.add(5 * multiplyAdds(shape, cu_seqlens, 0));
    withElements(out, [&](auto type) {
        using T = decltype(type);
        const AttentionKernels<T>& kernels = attentionKernels<T>();
        const AttentionForward<T> made = callOf<T>(shape, input, out, softmaxRows);
        const std::int64_t sums = dk[0].numel();
        overShares(sharesOf(shape, cu_seqlens, parts, kernels.blockTokens(shape.perKeyHead), 0),
                   kernels.backwardScratch(shape.headDim, shape.perKeyHead, longestOf(cu_seqlens)), workspace,
                   [&](const Share& share, std::byte* scratch) {
                       const AttentionBackward<T> call{made, elements<T>(dout), elements<T>(gradient.q),
                                                       elements<float>(dk) + share.part * sums,
                                                       elements<float>(dv) + share.part * sums};
                       kernels.backward(call, share.item, scratch);
                   });
    });
    for (std::int64_t part = 1; part < parts; ++part) {
        addInto(dk[0], dk[part]);
        addInto(dv[0], dv[part]);
    }
    roundInto(dk[0], gradient.k);
    roundInto(dv[0], gradient.v);
}

} // namespace llamahome::engine
