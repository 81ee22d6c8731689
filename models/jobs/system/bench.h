// Measured rates of the engine beside the machine's own limits. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/page_cache.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "llama/engine.h"

namespace llamahome::jobs {

struct BenchOptions {
    engine::Precision precision = engine::Precision::Auto;
    int steps = 5; ///< timed, after one warm-up step
    int rows = 4;  ///< of `length` random tokens, all supervised
    int length = 512;
    int r = 8;              ///< on all seven linears
    int promptTokens = 512; ///< benchInfer
    int newTokens = 64;     ///< benchInfer
    std::uint64_t seed = 1;
    /// Clock::monotonicSeconds() when the program began; benchTrain's seconds to the first step count from
    /// there, else from the call.
    std::optional<double> startSeconds;
    /// benchLoad: takes a file out of memory; false where that cannot be done.
    std::function<Result<bool>(const std::filesystem::path&)> dropFromCache = dropFromPageCache;
    /// Shape of the model; benchShape() unless a test takes a smaller one.
    std::optional<formats::ModelConfig> shape;
};

/// One line of the results; what does not apply is left out of the JSON.
struct BenchResult {
    std::string name; ///< "train", "infer prefill", "gemm 2048x576x1536", "load cold"
    std::string precision;
    std::optional<double> tokensPerSecond; ///< median over the timed steps
    std::optional<double> boundShare;      ///< tokens per second over productBound()
    std::optional<double> boundTokensPerSecond;
    std::optional<double> peakRssMib; ///< high-water mark of the process
    std::optional<double> secondsToFirstStep;
    std::optional<double> gflops;
    std::optional<double> seconds;
    std::optional<double> mibPerSecond;
    std::string note; ///< for people: why there is no number; usually empty
};

/// SmolLM2-135M: hidden 576, 30 layers, 9 heads, 3 KV heads, intermediate 1536, vocabulary 49152, tied.
formats::ModelConfig benchShape();

/// One product of a training step: [m, k] x [k, n], done `count` times a step.
struct StepProduct {
    std::int64_t m = 0;
    std::int64_t k = 0;
    std::int64_t n = 0;
    std::int64_t count = 0;
};

/// The frozen products of one step over `tokens` tokens: for each of the seven linears of each layer y = x·W
/// and dx = dy·Wᵀ, for the head the same over every token. Adapters, attention and norms are left out, so
/// 1.0 cannot be reached.
std::vector<StepProduct> stepProducts(const formats::ModelConfig& config, std::int64_t tokens);

/// Tokens per second if a step were its products only: tokens / Σ count · 2·m·k·n / rate(m, n, k), the rate
/// being measured by Engine::measureGemm.
Result<double> productBound(const formats::ModelConfig& config, std::int64_t tokens, engine::Engine& engine,
                            engine::Precision precision);

/// "train": tokens a second of a random model over `steps` steps after one that warms up, beside what its
/// products alone would allow. RUN-00 when cancelled.
Result<std::vector<BenchResult>> benchTrain(engine::Engine& engine, const BenchOptions& options,
                                            const Clock& clock, const CancelToken& cancel,
                                            const ProgressSink& progress);
/// One line for each of stepProducts() over a step's tokens: its rate. RUN-00 when cancelled, between two.
Result<std::vector<BenchResult>> benchGemm(engine::Engine& engine, const BenchOptions& options,
                                           const CancelToken& cancel, const ProgressSink& progress);
/// "infer prefill" and "infer decode": tokens a second of a random model that reads promptTokens and writes
/// newTokens, the median of three rounds after one that warms up. RUN-00 when cancelled.
Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress);
/// Loads an installed model's folder: "load cold" with its files taken out of memory before, where that can
/// be done, and "load warm". Weights that are used in place in the mapped file are read when they are first
/// used, which is no part of it.
Result<std::vector<BenchResult>> benchLoad(engine::Engine& engine, const std::filesystem::path& folder,
                                           const BenchOptions& options, const Clock& clock,
                                           const CancelToken& cancel, const ProgressSink& progress);

/// {"machine":{…},"results":[…]} as cli.md has it.
Json benchJson(const engine::EngineInfo& info, const std::vector<BenchResult>& results);

} // namespace llamahome::jobs
