// Generation: prefill, then one token after another over the cache. Engine thread.
#pragma once

#include <functional>

#include "llama/engine.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// See LanguageModel::generate. Tokens outside the vocabulary are refused (GEN-02).
Result<GenerationResult> generateTokens(const Decoder& decoder, const LoraSet* lora,
                                        const std::vector<std::int32_t>& prompt,
                                        const GenerationOptions& options,
                                        const std::function<bool(std::int32_t)>& onToken,
                                        const CancelToken& cancel);

} // namespace llamahome::engine
