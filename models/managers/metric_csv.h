// The numbers of a run as CSV, for a spreadsheet. Any thread.
#pragma once

#include <string>
#include <vector>

#include "managers/metric_columns.h"

namespace llamahome::managers {

/// One line a step under a line of names: "step,epoch,train_loss,eval_loss,learning_rate,grad_norm,
/// tokens_per_second,peak_memory_mib", as metrics.jsonl names them. What is not known is empty. Numbers have
/// a point, whatever the locale.
std::string metricCsv(const MetricColumns& columns);

/// One metric of several runs: "step" and a column for each run, a line for each step at which one has a
/// value. `names` need no quotes; one for each of `runs`.
std::string comparedCsv(const std::vector<std::string>& names, const std::vector<MetricColumns>& runs,
                        Metric metric);

} // namespace llamahome::managers
