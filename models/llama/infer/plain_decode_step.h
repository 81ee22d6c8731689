// The decode step by the plain path, for decoders that do not lie in the processor's memory. Engine thread.
#pragma once

#include <memory>

#include "llama/infer/decode_step.h"

namespace llamahome::engine {

/// As DecodeStep::create, on whatever devices the layers lie; one context after another.
std::unique_ptr<DecodeStep> plainDecodeStep(const Decoder& decoder, const LoraSet* lora, std::int64_t rows);

} // namespace llamahome::engine
