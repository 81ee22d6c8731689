#include "llama/nn/head_loss.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "llama/nn/pass_shapes.h"
#include "llama/nn/rms_norm.h"

namespace llamahome::engine {
namespace {

/// Losses of one chunk [rows]; `logits` [rows, vocab] becomes softmax - onehot if `wantsGradient`.
at::Tensor chunkLosses(at::Tensor& logits, const at::Tensor& targets, bool wantsGradient) {
    const at::Tensor index = targets.unsqueeze(1);                        // [rows, 1]
    const at::Tensor logSum = at::logsumexp(logits, 1, /*keepdim=*/true); // [rows, 1]
    const at::Tensor losses = (logSum - logits.gather(1, index)).flatten();
    if (wantsGradient) {
        logits.sub_(logSum).exp_();
        logits.scatter_add_(1, index, -at::ones_like(logSum));
    }
    return losses;
}

} // namespace

HeadLoss headLoss(const Decoder& decoder, const at::Tensor& hidden, const Batch& batch, double gradientScale,
                  bool wantsGradient, Products& products) {
    const at::Tensor predictors = batch.predictors.to(hidden.device());
    const at::Tensor targets = batch.targets.to(hidden.device());
    const at::Tensor selected = hidden.index_select(0, predictors).detach(); // [targets, hidden]
    const std::int64_t rows = selected.size(0);
    HeadLoss result{at::zeros({rows}, hidden.options().dtype(at::kDouble)), {}};
    at::Tensor leaf = selected;
    at::Tensor normed;
    {
        const c10::AutoGradMode recording(wantsGradient);
        if (wantsGradient) leaf.requires_grad_(true);
        normed = rmsNorm(leaf, decoder.outer().norm, decoder.config().rms_norm_eps);
    }
    const c10::AutoGradMode silent(false);
    const at::Tensor normedValues = normed.detach();
    at::Tensor normedGradient;
    if (wantsGradient) normedGradient = at::zeros_like(normedValues);
    const FrozenLinear head(decoder.outer().lm_head);
    for (std::int64_t first = 0; first < rows; first += kHeadChunkRows) {
        const std::int64_t count = std::min(kHeadChunkRows, rows - first);
        at::Tensor logits = head.forward(normedValues.narrow(0, first, count), products).to(at::kFloat);
        result.tokenLosses.narrow(0, first, count)
            .copy_(chunkLosses(logits, targets.narrow(0, first, count), wantsGradient));
        if (!wantsGradient) continue;
        const at::Tensor scaled = logits.mul_(gradientScale).to(decoder.dtype());
        normedGradient.narrow(0, first, count).copy_(head.backwardInput(scaled, products));
    }
    if (wantsGradient) {
        result.hiddenGradient = at::zeros_like(hidden);
        if (rows > 0) {
            const auto gradient = torch::autograd::grad({normed}, {leaf}, {normedGradient});
            result.hiddenGradient.index_copy_(0, predictors, gradient.front());
        }
    }
    return result;
}

} // namespace llamahome::engine
