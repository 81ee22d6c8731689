// What the benchmarks share: their model, random tokens, the middle of several rounds. The engine thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/system/bench.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Rounds of generation and of loading; their median counts.
inline constexpr int kBenchRounds = 3;

/// The model of `options.folder`, or one of `options.shape` with random weights. Of the latter only begin and
/// end are told, and a cancel waits for the end.
Result<std::unique_ptr<engine::LanguageModel>> benchModel(engine::Engine& engine, const BenchOptions& options,
                                                          const CancelToken& cancel,
                                                          const ProgressSink& progress);

/// What Auto stands for on this machine.
engine::Precision settledPrecision(engine::Precision precision, const engine::Engine& engine);

/// The same tokens for the same seed and stream.
std::vector<std::int32_t> randomTokens(std::int64_t vocabulary, int count, std::uint64_t seed,
                                       std::uint64_t stream);

/// 0 of nothing.
double median(std::vector<double> values);

/// RUN-00.
Error benchStopped();

} // namespace llamahome::jobs
