#include "llama/train/finite_numbers.h"

#include <cmath>
#include <string>

#include "core/error_codes.h"
#include "core/quantity.h"

namespace llamahome::engine {
namespace {

/// Before the first update the model alone can be the cause, after it the rate.
Error notFinite(std::int64_t step, std::int64_t updates, const std::string& what, double found) {
    return Error{codes::kNonFiniteLoss,
                 "training stopped at step " + std::to_string(step) + ": " + what + " is " +
                     formatNumber(found) + ", expected a finite number; " +
                     (updates > 0 ? "try a lower learning rate (training.learning_rate)"
                                  : "check the model with `llamahome verify MODEL --deep`, or try "
                                    "training.precision fp32")};
}

} // namespace

Result<void> checkFiniteStep(double loss, double gradNorm, std::int64_t step) {
    if (!std::isfinite(loss)) return notFinite(step, step - 1, "the loss", loss);
    if (!std::isfinite(gradNorm)) return notFinite(step, step - 1, "the gradient norm", gradNorm);
    return {};
}

Result<void> checkFiniteEvaluation(double evalLoss, std::int64_t stepsDone) {
    if (std::isfinite(evalLoss)) return {};
    return notFinite(stepsDone, stepsDone, stepsDone == 0 ? "the eval loss of the base" : "the eval loss",
                     evalLoss);
}

} // namespace llamahome::engine
