// An evaluation in the words of the shell. Main thread.
#pragma once

#include "app/output.h"
#include "jobs/train/evaluate_model.h"

namespace llamahome::app {

/// Figures, best and worst rows, and answers, on standard output.
void showEvaluation(Output& output, const jobs::EvaluationReport& report);

} // namespace llamahome::app
