#include "llama/nn/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/scaled_dot_product_attention.h>

namespace llamahome::engine {
namespace {

/// `rows` rows of one length as [rows, heads, length, head_dim].
at::Tensor asRows(const at::Tensor& x, std::int64_t first, std::int64_t rows, std::int64_t length) {
    return x.narrow(0, first, rows * length).view({rows, length, x.size(1), x.size(2)}).transpose(1, 2);
}

} // namespace

at::Tensor rowAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const std::vector<std::int64_t>& cu_seqlens) {
    const std::size_t rowCount = cu_seqlens.size() - 1;
    const bool grouped = q.size(1) != k.size(1);
    std::vector<at::Tensor> outputs;
    for (std::size_t row = 0; row < rowCount;) {
        const std::int64_t length = cu_seqlens[row + 1] - cu_seqlens[row];
        std::size_t end = row + 1;
        while (end < rowCount && cu_seqlens[end + 1] - cu_seqlens[end] == length)
            ++end;
        const std::int64_t first = cu_seqlens[row];
        const auto rows = static_cast<std::int64_t>(end - row);
        const at::Tensor out = at::scaled_dot_product_attention(
            asRows(q, first, rows, length), asRows(k, first, rows, length), asRows(v, first, rows, length),
            /*attn_mask=*/{}, /*dropout_p=*/0.0, /*is_causal=*/true, /*scale=*/{}, /*enable_gqa=*/grouped);
        outputs.push_back(out.transpose(1, 2).reshape({rows * length, q.size(1) * q.size(2)}));
        row = end;
    }
    return outputs.size() == 1 ? outputs.front() : at::cat(outputs, 0);
}

at::Tensor cachedAttention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values) {
    const std::int64_t added = q.size(0);
    const std::int64_t context = keys.size(1);
    const bool isWhole = added == context;
    std::optional<at::Tensor> mask;
    if (!isWhole && added > 1) {
        const at::Tensor keyPlace = at::arange(context, q.options().dtype(at::kLong));
        const at::Tensor queryPlace = keyPlace.narrow(0, context - added, added).unsqueeze(1);
        mask = keyPlace <= queryPlace; // [new, context]
    }
    const at::Tensor out = at::scaled_dot_product_attention(
        q.transpose(0, 1).unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), mask, /*dropout_p=*/0.0,
        /*is_causal=*/isWhole, /*scale=*/{}, /*enable_gqa=*/q.size(1) != keys.size(0));
    return out.squeeze(0).transpose(0, 1).reshape({added, q.size(1) * q.size(2)});
}

} // namespace llamahome::engine
