// The engine's torch-free façade: load a model, train LoRA on it, evaluate, generate. Engine thread only.
//
// Everything here is called on one thread (the one that first called it), because libgomp keeps one team a
// host thread. Nothing here writes files: results are values, and the jobs layer stores them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/training_settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/peft/peft_adapter.h"
#include "llama/train_state.h"
#include "text/data/token_row.h"

namespace llamahome::engine {

/// Element type of the products. Auto: bf16 where the CPU multiplies it natively, else fp32.
enum class Precision { Auto, Fp32, Bf16 };

struct EngineInfo {
    std::string libtorchVersion;
    std::string cpuCapability; ///< ATen's kernel level, e.g. "AVX2"
    Precision autoPrecision = Precision::Fp32;
    int threads = 1;
    bool cudaPresent = false;
};

struct LoadOptions {
    Precision precision = Precision::Auto;
    CancelToken cancel;
    ProgressSink progress; ///< unit "bytes"
    /// How the layers' matrices are kept, where the model is not quantised already; none: as they are.
    std::optional<formats::Quantisation> quantisation = {};
    /// With it: matrices quantised before (jobs/quantised_cache.h), which are mapped. Empty: none are.
    std::filesystem::path quantisedFile = {};
    /// Matrices of int8 are multiplied with rows that are quantised to int8 as they come (W8A8), in training
    /// and where several tokens are read at once; tokens of an answer are not.
    bool int8Products = false;
};

/// Sampling of one generation. temperature 0 or doSample false: greedy (lowest id on ties).
struct GenerationOptions {
    int maxNewTokens = 256;
    bool doSample = false;
    double temperature = 0.6;
    double topP = 0.9;
    int topK = 50; ///< 0: off
    double minP = 0.0;
    double repetitionPenalty = 1.0;
    std::uint64_t seed = 0;
    std::vector<std::int32_t> stopTokens; ///< never passed to onToken
};

enum class FinishReason { StopToken, Length, ContextFull, Cancelled, Stopped };

struct GenerationResult {
    std::vector<std::int32_t> tokens; ///< generated, without the stop token
    FinishReason finish = FinishReason::Length;
    std::size_t reusedTokens = 0;   ///< of the prompt: known from the last generation, not read again
    std::uint64_t contextBytes = 0; ///< of keys and values of prompt and answer
    double promptSeconds = 0.0;
    double decodeSeconds = 0.0;
};

struct EvaluationResult {
    double lossSum = 0.0; ///< sum of the token losses, natural logarithm
    std::uint64_t targetTokens = 0;
    std::vector<double> rowLossSums; ///< what each row has of lossSum
    double meanLoss() const { return targetTokens > 0 ? lossSum / static_cast<double>(targetTokens) : 0.0; }
};

/// One line of metrics.jsonl as numbers. `evalLoss` is set on evaluations only.
struct MetricPoint {
    bool isEvaluation = false;
    std::int64_t step = 0; ///< optimiser steps done, this one included
    double epoch = 0.0;
    double trainLoss = 0.0; ///< mean over the targets of this step, before the update
    std::optional<double> evalLoss;
    double learningRate = 0.0;
    double gradNorm = 0.0; ///< before clipping
    std::uint64_t tokens = 0;
    std::uint64_t supervisedTokens = 0;
    double tokensPerSecond = 0.0;
    double stepSeconds = 0.0;
};

enum class StopCause { Finished, EarlyStopped, Cancelled };

struct TrainOutcome {
    StopCause cause = StopCause::Finished;
    TrainState state; ///< last state; its `best` holds the best evaluation
    std::uint64_t trainedTokens = 0;
    double seconds = 0.0;
};

/// Receives what happens in a run, on the engine thread. Returning an error stops the run with it.
class TrainObserver {
public:
    virtual ~TrainObserver() = default;
    /// After each optimiser step and each evaluation.
    virtual Result<void> onMetric(const MetricPoint& point) = 0;
    /// When a checkpoint is due: at evaluations, by time, and when the run ends or is cancelled. A cancel
    /// within an evaluation leaves that due in the state. It returns when the state is kept, however long
    /// that takes.
    virtual Result<void> onCheckpoint(const TrainState& state) = 0;
    /// After an evaluation and its checkpoint. From here the model that trains may generate, with the adapter
    /// as it is now; that changes nothing of the training.
    virtual Result<void> onEvaluated(std::int64_t step) {
        (void)step;
        return {};
    }
    /// Progress inside a long evaluation or step; unit "steps".
    virtual void onProgress(const Progress& progress) = 0;
};

struct TrainRequest {
    config::TrainingSettings settings;
    std::vector<text::TokenRow> trainRows;
    std::vector<text::TokenRow> validationRows; ///< may be empty: no evaluation, no early stopping
    bool shuffle = true;                        ///< false: rows in the given order (parity tests)
    /// Layers, the lowest that are adapted, whose activations are computed again instead of kept
    /// (llama/train/workspace_plan.h); the settings' gradient_checkpointing is the caller's to settle.
    std::int64_t recomputedLayers = 0;
    /// Trained on as it is: its rank, scaling and pairs decide what is trained, as PEFT takes an adapter's
    /// own configuration. What it has no pair for stays the base, whatever the settings name.
    std::optional<formats::PeftAdapter> initialAdapter;
    /// Its adapter decides likewise. TRAIN-03 where its rank is not that of the settings, or a pair lies
    /// outside of their target modules; fewer pairs are those of a run that began from a narrower adapter.
    std::optional<TrainState> resumeFrom;
    /// Asked before each micro-batch, with the bytes by which the process will grow in it. Its error ends the
    /// run; the state of the last step is kept first.
    std::function<Result<void>(std::uint64_t growthBytes)> checkMemory = {};
    CancelToken cancel;
};

/// One loaded base model with at most one adapter. Not copyable; frees its memory when destroyed.
class LanguageModel {
public:
    virtual ~LanguageModel() = default;

    virtual const formats::ModelConfig& config() const = 0;
    virtual Precision precision() const = 0;

    /// Puts an adapter on the base, replacing another. Checks every shape against the base.
    virtual Result<void> setAdapter(const formats::PeftAdapter& adapter) = 0;
    /// 1.0 as trained; 0.0 is the base exactly.
    virtual void setAdapterScale(double scale) = 0;
    virtual void clearAdapter() = 0;

    /// Logits of every position, [tokens, vocab] row-major in fp32. For tests and small inputs.
    virtual Result<std::vector<float>> logits(const std::vector<std::int32_t>& tokens) = 0;

    /// Token-exact loss over the targets of all rows.
    virtual Result<EvaluationResult> evaluate(const std::vector<text::TokenRow>& rows, int rowsAtOnce,
                                              const CancelToken& cancel, const ProgressSink& progress) = 0;

    /// Generates from `prompt` (at least one token). `onToken` gets each new id and returns false to stop.
    /// A prompt that leaves no room in the context is refused (code GEN-01); GEN-03 where the scores of a
    /// token are no numbers. The model remembers keys and values of prompt and answer: a next prompt that
    /// begins with the same tokens goes on from there.
    virtual Result<GenerationResult> generate(const std::vector<std::int32_t>& prompt,
                                              const GenerationOptions& options,
                                              const std::function<bool(std::int32_t)>& onToken,
                                              const CancelToken& cancel) = 0;

    /// As generate() of each prompt, several at once, each to its own end: the weights are read once for all.
    /// `onToken` gets the number of the prompt with each id and returns false to stop that one. Remembers
    /// nothing.
    virtual Result<std::vector<GenerationResult>>
    generateBatch(const std::vector<std::vector<std::int32_t>>& prompts, const GenerationOptions& options,
                  const std::function<bool(std::size_t, std::int32_t)>& onToken,
                  const CancelToken& cancel) = 0;

    /// Frees what generate() remembers. A change of the adapter does so too.
    virtual void forgetContext() = 0;

    /// Trains a LoRA adapter; see TrainObserver for what it tells. When it returns, the trained adapter is
    /// set.
    virtual Result<TrainOutcome> train(const TrainRequest& request, TrainObserver& observer) = 0;
};

/// Nothing here throws: what libtorch or the allocator throws comes back as ENG-03 or ENG-04.
class Engine {
public:
    virtual ~Engine() = default;
    virtual EngineInfo info() const = 0;
    /// Threads of the OpenMP team; 0: as many as cores.
    virtual Result<void> setThreads(int threads) = 0;
    /// Loads a Hub-layout folder. Missing, unexpected and misshapen tensors are errors that list names.
    virtual Result<std::unique_ptr<LanguageModel>> loadModel(const std::filesystem::path& folder,
                                                             const LoadOptions& options) = 0;
    /// A model of that shape with random weights, for benchmarks.
    virtual Result<std::unique_ptr<LanguageModel>> randomModel(const formats::ModelConfig& config,
                                                               Precision precision, std::uint64_t seed) = 0;
    /// Measured rate of an [m,k]x[k,n] product in GFLOP/s.
    virtual Result<double> measureGemm(Precision precision, int m, int n, int k) = 0;
    /// GB a second that the threads read from memory together, measured.
    virtual Result<double> measureReadBandwidth() = 0;
};

} // namespace llamahome::engine
