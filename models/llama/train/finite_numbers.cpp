#include "llama/train/finite_numbers.h"

#include <cmath>
#include <string>

#include "core/error_codes.h"
#include "core/quantity.h"

namespace llamahome::engine {
namespace {

Error notFinite(std::int64_t step, const std::string& what, double found, const std::string& advice) {
    return Error{codes::kNonFiniteLoss, "training stopped at step " + std::to_string(step) + ": " + what +
                                            " is " + formatNumber(found) + ", expected a finite number; " +
                                            advice};
}

constexpr const char* kLowerRate = "try a lower learning rate (training.learning_rate)";

} // namespace

Result<void> checkFiniteStep(double loss, double gradNorm, std::int64_t step) {
    if (!std::isfinite(loss)) return notFinite(step, "the loss", loss, kLowerRate);
    if (!std::isfinite(gradNorm)) return notFinite(step, "the gradient norm", gradNorm, kLowerRate);
    return {};
}

Result<void> checkFiniteEvaluation(double evalLoss, std::int64_t stepsDone) {
    if (std::isfinite(evalLoss)) return {};
    if (stepsDone == 0)
        return notFinite(
            0, "the eval loss of the base", evalLoss,
            "check the model with `llamahome verify MODEL --deep`, or try training.precision fp32");
    return notFinite(stepsDone, "the eval loss", evalLoss, kLowerRate);
}

} // namespace llamahome::engine
