// EvaluationReport as JSON: what `evaluate --json` prints, and evaluation.json of a run, its last evaluation.
// Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/result.h"
#include "jobs/train/evaluate_model.h"

namespace llamahome::jobs {

inline constexpr std::string_view kEvaluationName = "evaluation.json";

/// Paths are UTF-8 text; texts that are none are mended.
Json evaluationJson(const EvaluationReport& report);
/// RUN-04 names the file and the field; RUN-05 for a newer schema.
Result<EvaluationReport> parseEvaluation(const Json& json, const std::string& what);

/// Replaces the last evaluation of a run, with the time of the clock.
Result<void> keepEvaluation(FileLayer& files, const std::filesystem::path& run,
                            const EvaluationReport& report, const Clock& clock);
/// Nothing where the run was never evaluated.
Result<std::optional<EvaluationReport>> readEvaluation(const std::filesystem::path& run);

} // namespace llamahome::jobs
