#include "llama/fast/fast_head.h"

#include <algorithm>
#include <numeric>

#include "llama/fast/product_work.h"
#include "llama/fast/row_work.h"
#include "llama/nn/pass_shapes.h"

namespace llamahome::engine {
namespace {

/// Losses of the rows into `losses`; with a scale the logits become their gradient.
void crossEntropyInPlace(const at::Tensor& logits, const at::Tensor& targets, const float* scale,
                         const at::Tensor& losses) {
    const std::int64_t width = logits.size(1);
    withElements(logits, [&](auto type) {
        using T = decltype(type);
        overRows(logits.size(0), width, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().crossEntropy(begin, end, width, elements<T>(logits),
                                         elements<std::int64_t>(targets), scale, elements<double>(losses));
        });
    });
}

} // namespace

double fastHeadLoss(const Decoder& decoder, const at::Tensor& hidden, const PassContext& context,
                    double gradientScale, const at::Tensor& gradient, std::vector<double>* tokenLosses) {
    const Batch& batch = context.batch;
    Workspace& workspace = *context.workspace;
    const ProductWork work{context.products, context.productRoom};
    const WorkspaceScope scope(workspace);
    const at::ScalarType type = hidden.scalar_type();
    const OuterWeights& outer = decoder.outer();
    const std::int64_t rows = batch.targetCount();
    const std::int64_t width = hidden.size(1);
    const std::int64_t chunkRows = std::min(kHeadChunkRows, rows);
    const at::Tensor normed = workspace.take({rows, width}, type);
    const at::Tensor inverseRms = workspace.take({rows}, at::kFloat);
    const at::Tensor losses = workspace.take({rows}, at::kDouble);
    const at::Tensor logits = workspace.take({chunkRows, outer.lm_head.size(0)}, type);
    const at::Tensor dnormed =
        gradient.defined() ? workspace.take({rows, width}, at::kFloat).zero_() : at::Tensor();
    rmsNormInto(hidden, outer.norm, decoder.config().rms_norm_eps, normed, inverseRms);
    const auto scale = static_cast<float>(gradientScale);
    for (std::int64_t first = 0; first < rows; first += chunkRows) {
        const std::int64_t count = std::min(chunkRows, rows - first);
        const at::Tensor chunk = logits.narrow(0, 0, count);
        const TensorTerm term{normed.narrow(0, first, count), outer.lm_head, /*rightIsTransposed=*/true};
        productInto({&term, 1}, chunk, work);
        crossEntropyInPlace(chunk, batch.targets.narrow(0, first, count),
                            gradient.defined() ? &scale : nullptr, losses.narrow(0, first, count));
        if (gradient.defined()) addProductTo(dnormed.narrow(0, first, count), {chunk, outer.lm_head}, work);
    }
    const double* const found = elements<double>(losses);
    const double sum = std::accumulate(found, found + rows, 0.0);
    if (tokenLosses != nullptr) tokenLosses->assign(found, found + rows);
    if (!gradient.defined()) return sum;
    at::Tensor target = gradient;
    target.zero_();
    roundInto(dnormed, normed); // which is not needed any more
    rmsNormBackwardInto(normed, hidden, outer.norm, inverseRms, gradient);
    return sum;
}

} // namespace llamahome::engine
