#include "llama/train/adamw.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>

namespace llamahome::engine {

AdamW::AdamW(at::Tensor expAvg, at::Tensor expAvgSq, std::int64_t stepsDone, double weightDecay)
    : m_expAvg(std::move(expAvg))
    , m_expAvgSq(std::move(expAvgSq))
    , m_stepCount(at::full({}, static_cast<double>(stepsDone), m_expAvg.options()))
    , m_weightDecay(weightDecay) {}

void AdamW::step(const at::Tensor& parameters, const at::Tensor& gradients, double learningRate) {
    m_stepCount.add_(1.0); // the operator expects the number of this step, counted from 1
    at::_fused_adamw_({parameters}, {gradients}, {m_expAvg}, {m_expAvgSq}, /*max_exp_avg_sqs=*/{},
                      {m_stepCount}, learningRate, /*beta1=*/0.9, /*beta2=*/0.999, m_weightDecay,
                      /*eps=*/1e-8,
                      /*amsgrad=*/false, /*maximize=*/false);
}

double clipGradients(const at::Tensor& gradients, double maxNorm) {
    const double norm = at::linalg_vector_norm(gradients).item<double>();
    if (maxNorm > 0.0 && norm > maxNorm) gradients.mul_(maxNorm / (norm + 1e-6));
    return norm;
}

} // namespace llamahome::engine
