// Generation: prefill, then one token after another over the cache, for one prompt or several at once. Engine
// thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "llama/engine.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// What a model remembers of the context that it last went on from. Belongs to one decoder with one state of
/// its adapter.
struct KeptContext {
    std::vector<std::int32_t> tokens; ///< that the cache holds
    std::unique_ptr<KvCache> cache;   ///< null: nothing
};

/// See LanguageModel::generate. Goes on from what `kept` has of the prompt and leaves there what was read and
/// made. Tokens outside the vocabulary are refused (GEN-02).
Result<GenerationResult> generateTokens(const Decoder& decoder, const LoraSet* lora,
                                        const std::vector<std::int32_t>& prompt,
                                        const GenerationOptions& options,
                                        const std::function<bool(std::int32_t)>& onToken,
                                        const CancelToken& cancel, KeptContext& kept);

/// See LanguageModel::generateBatch.
Result<std::vector<GenerationResult>>
generateBatch(const Decoder& decoder, const LoraSet* lora,
              const std::vector<std::vector<std::int32_t>>& prompts, const GenerationOptions& options,
              const std::function<bool(std::size_t, std::int32_t)>& onToken, const CancelToken& cancel);

} // namespace llamahome::engine
