// An engine without tensors that "trains" by arithmetic in microseconds, as deterministic as the real one and
// with its plan of rows, early stopping, cancel and resume. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "llama/engine.h"

namespace llamahome::testing {

/// What a test wants to happen.
struct FakeScript {
    /// Loss on the validation rows after that many steps.
    std::function<double(std::int64_t)> evalLoss = [](std::int64_t step) {
        return 2.0 / (1.0 + 0.1 * static_cast<double>(step));
    };
    /// Called before a step with its number from 1; may cancel, or end the process.
    std::function<void(std::int64_t)> beforeStep;
    /// Called before an evaluation with the steps done; may cancel it.
    std::function<void(std::int64_t)> beforeEvaluation;
    std::optional<std::int64_t> nonFiniteStep; ///< the loss of that step is not a number,
    double finiteUpToRate = 0.0;               ///< unless the learning rate is at most this
    /// Bytes by which a micro-batch of that many rows grows, told to TrainRequest::checkMemory.
    std::uint64_t bytesOfRow = 0;
    int rowsThatFit = 1000; ///< with more in a micro-batch the second step finds no memory
    /// Loss of a step in place of the usual one.
    std::function<double(std::int64_t)> trainLoss;
    std::string answer = "the answer #### 7"; ///< generated as single bytes, see tiny_model.h
    /// Called before each generated token with its number from 0; may wait, or cancel.
    std::function<void(std::size_t)> beforeToken;
    std::function<void()> beforeLoad;                          ///< may wait
    engine::Precision autoPrecision = engine::Precision::Fp32; ///< of a model loaded with Auto
    int threads = 2;                                           ///< of EngineInfo
    bool failsToGenerate = false;
    bool failsToLoad = false;
    /// Added to the loss of each token of a row by evaluate(), with an adapter or without.
    std::function<double(const text::TokenRow&)> rowLoss;
    double baseLoss = 2.0;    ///< of evaluate() without an adapter, a token
    double adapterLoss = 1.5; ///< with one at scale 1
};

/// What happened.
struct FakeHistory {
    int loads = 0;
    engine::Precision precision = engine::Precision::Auto;
    std::optional<formats::Quantisation> quantisation; ///< of the last load
    std::filesystem::path quantisedFile;               ///< likewise
    bool int8Products = false;                         ///< likewise
    std::vector<std::vector<std::int32_t>> prompts;    ///< of generate()
    std::vector<engine::GenerationOptions> generations;
    std::vector<double> scales;             ///< of the adapter at each generate(); 0 without one
    int adapters = 0;                       ///< times that one was set
    int living = 0;                         ///< models that are loaded now
    std::vector<std::int64_t> trainedSteps; ///< numbers from 1
    std::vector<text::TokenRow> evaluatedRows;
    config::TrainingSettings settings; ///< of the last training
    std::int64_t recomputedLayers = 0; ///< of the last training
};

/// Parameters depend on every row of every step in order, so that a resumed run that sees other rows ends
/// elsewhere. Script and history are shared with every model that it loads.
class FakeEngine final : public engine::Engine {
public:
    FakeScript& script() { return *m_script; }
    const FakeHistory& history() const { return *m_history; }

    engine::EngineInfo info() const override;
    Result<void> setThreads(int) override { return {}; }
    Result<std::unique_ptr<engine::LanguageModel>> loadModel(const std::filesystem::path& folder,
                                                             const engine::LoadOptions& options) override;
    Result<std::unique_ptr<engine::LanguageModel>>
    randomModel(const formats::ModelConfig& config, engine::Precision precision, std::uint64_t seed) override;
    Result<double> measureGemm(engine::Precision precision, int m, int n, int k) override;
    Result<double> measureReadBandwidth() override;

private:
    std::shared_ptr<FakeScript> m_script = std::make_shared<FakeScript>();
    std::shared_ptr<FakeHistory> m_history = std::make_shared<FakeHistory>();
};

} // namespace llamahome::testing
