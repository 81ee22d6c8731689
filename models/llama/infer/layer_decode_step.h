// LayerDecodeStep: decoding through the layers' own inference, for weights that the vector kernels do not
// read. Engine thread.
#pragma once

#include <vector>

#include "llama/infer/decode_step.h"

namespace llamahome::engine {

class LayerDecodeStep final : public DecodeStep {
public:
    /// As DecodeStep::create().
    LayerDecodeStep(const Decoder& decoder, const LoraSet* lora)
        : m_decoder(decoder)
        , m_lora(lora) {}

    /// One row after the other; allocates as the layers do.
    std::span<float> run(std::span<const std::int32_t> tokens, std::span<KvCache* const> caches) override;

private:
    const Decoder& m_decoder;
    const LoraSet* m_lora;
    Products m_products;
    std::vector<float> m_logits;
};

} // namespace llamahome::engine
