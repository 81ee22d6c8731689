// AdamW over one flat buffer by one fused operator. Engine thread.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

/// Decoupled weight decay, betas 0.9 and 0.999, eps 1e-8 (llama.md 7.2).
class AdamW {
public:
    /// Takes over moments [n], on the device of parameters and gradients, and the number of steps already
    /// done; zeros and 0 for a fresh run.
    AdamW(at::Tensor expAvg, at::Tensor expAvgSq, std::int64_t stepsDone, double weightDecay);

    /// Updates `parameters` [n] in place from `gradients` [n].
    void step(const at::Tensor& parameters, const at::Tensor& gradients, double learningRate);

    const at::Tensor& expAvg() const { return m_expAvg; }
    const at::Tensor& expAvgSq() const { return m_expAvgSq; }

private:
    at::Tensor m_expAvg;
    at::Tensor m_expAvgSq;
    at::Tensor m_stepCount; ///< fp32 scalar, as the operator wants it
    double m_weightDecay;
};

/// Scales `gradients` so that their L2 norm is at most `maxNorm` (0: never) and returns the norm before that.
double clipGradients(const at::Tensor& gradients, double maxNorm);

} // namespace llamahome::engine
