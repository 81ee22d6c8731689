#include "llama/infer/plain_decode_step.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace llamahome::engine {
namespace {

/// Gives caches the length back that they had, unless it is told that all went well.
class LengthsKept {
public:
    explicit LengthsKept(std::span<KvCache* const> caches)
        : m_caches(caches) {
        for (const KvCache* cache : caches)
            m_lengths.push_back(cache->length());
    }
    ~LengthsKept() {
        for (std::size_t i = 0; i < m_lengths.size(); ++i)
            m_caches[i]->truncate(m_lengths[i]);
    }
    LengthsKept(const LengthsKept&) = delete;
    LengthsKept& operator=(const LengthsKept&) = delete;

    void release() { m_lengths.clear(); }

private:
    std::span<KvCache* const> m_caches;
    std::vector<std::int64_t> m_lengths;
};

class PlainDecodeStep final : public DecodeStep {
public:
    PlainDecodeStep(const Decoder& decoder, const LoraSet* lora, std::int64_t rows)
        : m_decoder(decoder)
        , m_lora(lora)
        , m_vocabulary(static_cast<std::size_t>(decoder.config().vocab_size))
        , m_logits(static_cast<std::size_t>(rows) * m_vocabulary) {}

    std::span<float> run(std::span<const std::int32_t> tokens, std::span<KvCache* const> caches) override {
        assert(tokens.size() == caches.size() && tokens.size() * m_vocabulary <= m_logits.size());
        LengthsKept lengths(caches);
        Products products;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const Batch batch = makeInferenceBatch(tokens.subspan(i, 1), caches[i]->length());
            const at::Tensor hidden = m_decoder.hidden(batch, m_lora, caches[i], products);
            const at::Tensor logits = m_decoder.logits(hidden, products).cpu().contiguous(); // [1, vocab]
            std::copy_n(logits.const_data_ptr<float>(), m_vocabulary, m_logits.data() + i * m_vocabulary);
        }
        lengths.release();
        return {m_logits.data(), tokens.size() * m_vocabulary};
    }

private:
    const Decoder& m_decoder;
    const LoraSet* m_lora;
    std::size_t m_vocabulary;
    std::vector<float> m_logits;
};

} // namespace

std::unique_ptr<DecodeStep> plainDecodeStep(const Decoder& decoder, const LoraSet* lora, std::int64_t rows) {
    return std::make_unique<PlainDecodeStep>(decoder, lora, rows);
}

} // namespace llamahome::engine
