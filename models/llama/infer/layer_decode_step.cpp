#include "llama/infer/layer_decode_step.h"

#include <algorithm>
#include <cassert>

namespace llamahome::engine {

std::span<float> LayerDecodeStep::run(std::span<const std::int32_t> tokens,
                                      std::span<KvCache* const> caches) {
    assert(tokens.size() == caches.size());
    const auto vocab = static_cast<std::size_t>(m_decoder.config().vocab_size);
    m_logits.resize(tokens.size() * vocab);
    for (std::size_t row = 0; row < tokens.size(); ++row) {
        const Batch batch = makeInferenceBatch(tokens.subspan(row, 1), caches[row]->length());
        const at::Tensor hidden = m_decoder.hidden(batch, m_lora, caches[row], m_products);
        const at::Tensor logits = m_decoder.logits(hidden, m_products).contiguous();
        std::copy_n(logits.const_data_ptr<float>(), vocab,
                    m_logits.begin() + static_cast<std::ptrdiff_t>(row * vocab));
    }
    return m_logits;
}

} // namespace llamahome::engine
