// Measured rates of the engine beside the machine's own limits. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/model_config.h"
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
    /// Clock::monotonicSeconds() when the program began; seconds to the first step count from there, else
    /// from the call.
    std::optional<double> startSeconds;
    /// Shape of the model; benchShape() unless a test takes a smaller one.
    std::optional<formats::ModelConfig> shape;
};

/// One line of the results; what does not apply is left out of the JSON.
struct BenchResult {
    std::string name; ///< "train", "infer prefill", "gemm 2048x576x1536", "load"
    std::string precision;
    std::optional<double> tokensPerSecond; ///< median over the timed steps
    std::optional<double> boundShare;      ///< tokens per second over productBound()
    std::optional<double> boundTokensPerSecond;
    std::optional<double> peakRssMib; ///< high-water mark of the process
    std::optional<double> secondsToFirstStep;
    std::optional<double> gflops;
    std::optional<double> seconds;
    std::optional<double> mibPerSecond;
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
double productBound(const formats::ModelConfig& config, std::int64_t tokens, engine::Engine& engine,
                    engine::Precision precision);

Result<std::vector<BenchResult>> benchTrain(engine::Engine& engine, const BenchOptions& options,
                                            const Clock& clock, const CancelToken& cancel,
                                            const ProgressSink& progress);
Result<std::vector<BenchResult>> benchGemm(engine::Engine& engine, const BenchOptions& options,
                                           const CancelToken& cancel, const ProgressSink& progress);
Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress);
/// Loads an installed model's folder.
Result<std::vector<BenchResult>> benchLoad(engine::Engine& engine, const std::filesystem::path& folder,
                                           const BenchOptions& options, const Clock& clock,
                                           const CancelToken& cancel, const ProgressSink& progress);

/// {"machine":{…},"results":[…]} as cli.md has it.
Json benchJson(const engine::EngineInfo& info, const std::vector<BenchResult>& results);

} // namespace llamahome::jobs
