// The LanguageModel behind the façade. Engine thread.
#pragma once

#include <memory>

#include "llama/engine.h"
#include "llama/infer/generator.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

class DecoderLanguageModel final : public LanguageModel {
public:
    explicit DecoderLanguageModel(std::unique_ptr<Decoder> decoder)
        : m_decoder(std::move(decoder)) {}

    const formats::ModelConfig& config() const override { return m_decoder->config(); }
    Precision precision() const override;
    Result<void> setAdapter(const formats::PeftAdapter& adapter) override;
    void setAdapterScale(double scale) override;
    void clearAdapter() override;
    Result<std::vector<float>> logits(const std::vector<std::int32_t>& tokens) override;
    Result<EvaluationResult> evaluate(const std::vector<text::TokenRow>& rows, int rowsAtOnce,
                                      const CancelToken& cancel, const ProgressSink& progress) override;
    Result<GenerationResult> generate(const std::vector<std::int32_t>& prompt,
                                      const GenerationOptions& options,
                                      const std::function<bool(std::int32_t)>& onToken,
                                      const CancelToken& cancel) override;
    Result<std::vector<GenerationResult>>
    generateBatch(const std::vector<std::vector<std::int32_t>>& prompts, const GenerationOptions& options,
                  const std::function<bool(std::size_t, std::int32_t)>& onToken,
                  const CancelToken& cancel) override;
    void forgetContext() override { m_kept = {}; }
    Result<TrainOutcome> train(const TrainRequest& request, TrainObserver& observer) override;

    const Decoder& decoder() const { return *m_decoder; }

private:
    /// The adapter that a run starts from: the resumed one, the given one, or a fresh one.
    Result<std::unique_ptr<LoraSet>> startingLora(const TrainRequest& request) const;

    std::unique_ptr<Decoder> m_decoder;
    std::unique_ptr<LoraSet> m_lora;
    double m_adapterScale = 1.0;
    KeptContext m_kept;
};

} // namespace llamahome::engine
