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
#include "core/file_layer.h"
#include "core/json.h"
#include "core/page_cache.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "jobs/system/bench_shapes.h"
#include "jobs/system/step_bound.h"
#include "llama/engine.h"
#include "text/data/token_row.h"

namespace llamahome::jobs {

struct BenchOptions {
    engine::Precision precision = engine::Precision::Auto;
    int steps = 5; ///< timed, after one warm-up step
    int rows = 4;  ///< a step
    int length = 512;
    int supervisedPercent = 100; ///< of a row's tokens, its last ones
    int r = 8;                   ///< on all seven linears
    int promptTokens = 512;      ///< benchInfer
    int newTokens = 64;          ///< benchInfer
    std::uint64_t seed = 1;
    /// benchTrain: these rows in their order, each once, instead of random ones; steps and length are theirs.
    std::vector<text::TokenRow> trainRows;
    /// A model's folder in Hub layout; without one `shape` gets random weights.
    std::optional<std::filesystem::path> folder;
    /// How the layers' matrices of the folder are kept, where they are not quantised already; none: as they
    /// are.
    std::optional<formats::Quantisation> quantisation;
    bool int8Products = false; ///< of matrices of int8 (engine::LoadOptions)
    /// Keeps what is quantised beside the model of the folder, as openModel() does; null: nothing is kept.
    FileLayer* files = nullptr;
    formats::ModelConfig shape = smolLm2Shape();
    /// Clock::monotonicSeconds() when the program began; benchTrain's seconds to the first step count from
    /// there, else from the call.
    std::optional<double> startSeconds;
    /// benchLoad: takes a file out of memory; false where that cannot be done.
    std::function<Result<bool>(const std::filesystem::path&)> dropFromCache = dropFromPageCache;
};

/// One training step as it was, the one that warms up included.
struct BenchStep {
    double loss = 0.0; ///< mean over its targets, before the update
    std::uint64_t tokens = 0;
    double seconds = 0.0;
};

/// One line of the results; what does not apply is left out of the JSON.
struct BenchResult {
    std::string name; ///< "train", "infer prefill", "infer decode int8", "gemm 2048x576x1536", "load cold"
    std::string precision;
    std::optional<double> tokensPerSecond; ///< tokens of the timed steps by their seconds; else a median
    std::optional<double> boundShare;      ///< tokens per second over the bound's
    std::optional<double> boundTokensPerSecond;
    std::optional<double> peakRssMib;       ///< high-water mark of the process (VmHWM)
    std::optional<double> peakAnonymousMib; ///< without mapped files
    std::optional<double> secondsToFirstStep;
    std::optional<double> secondsToFirstToken; ///< from the start of loading
    std::optional<double> gflops;
    std::optional<double> readGbPerSecond; ///< what the machine reads from memory, measured beside
    std::optional<double> seconds;
    std::optional<double> mibPerSecond;
    std::vector<BenchStep> steps;
    std::vector<PartBound> bound; ///< what boundTokensPerSecond is made of
    std::string note;             ///< for people: why there is no number; usually empty
};

/// "train": tokens a second over the steps after one that warms up, beside what their products alone would
/// allow (step_bound.h). RUN-00 when cancelled.
Result<std::vector<BenchResult>> benchTrain(engine::Engine& engine, const BenchOptions& options,
                                            const Clock& clock, const CancelToken& cancel,
                                            const ProgressSink& progress);
/// One line for each shape of a training step's products: its rate. RUN-00 when cancelled, between two.
Result<std::vector<BenchResult>> benchGemm(engine::Engine& engine, const BenchOptions& options,
                                           const CancelToken& cancel, const ProgressSink& progress);
/// "infer prefill" and "infer decode": tokens a second of a model that reads promptTokens and writes
/// newTokens, the median of three rounds after one that warms up; of a folder's model then the same with its
/// matrices in int8 and in NF4, the format behind the names, unless the options or the model itself name a
/// format: then that one alone.
/// Reading is beside what its products would allow, writing beside what the weights' and the cache's bytes
/// would at the memory's rate. Peaks of memory are given where nothing larger came before. RUN-00 when
/// cancelled.
Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress);
/// Loads a model's folder and lets it write one token: "load cold" with its files taken out of memory before,
/// where that can be done, and "load warm". Weights that are used in place in the mapped file are read by
/// that token, not by the loading.
Result<std::vector<BenchResult>> benchLoad(engine::Engine& engine, const std::filesystem::path& folder,
                                           const BenchOptions& options, const Clock& clock,
                                           const CancelToken& cancel, const ProgressSink& progress);

/// {"machine":{…},"results":[…]} as the command line prints it.
Json benchJson(const engine::EngineInfo& info, const std::vector<BenchResult>& results);

} // namespace llamahome::jobs
