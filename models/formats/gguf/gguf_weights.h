// The weights of a GGUF file as a Hub model has them: names, order of rows, bfloat16 or fp32. One thread at a
// time.
#pragma once

#include <vector>

#include "core/cancel_token.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// Whether all matrices of a file are packed as fp32.
bool hasFloatMatrices(const GgufReader& reader);

class GgufWeights final : public TensorSource {
public:
    /// GG-19 where a tensor of `config` is missing or has another shape, or one is there that does not belong
    /// to it. `reader` outlives this. A file whose matrices are all fp32 is looked through until a value is
    /// found that bfloat16 has not; `cancel` is looked at once a tensor.
    static Result<GgufWeights> of(GgufReader& reader, const ModelConfig& config,
                                  const CancelToken& cancel = {});

    /// Under Hub names in module order, all of them BF16, whatever their packing, or F32 where such a value
    /// was found; no head where it is tied.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Memory: the tensor as fp32.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: what is read is not what lies in the file.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    GgufWeights(GgufReader& reader, const ModelConfig& config, std::vector<TensorInfo> tensors);

    GgufReader& m_reader;
    ModelConfig m_config;
    std::vector<TensorInfo> m_tensors;
    std::vector<float> m_values; ///< of the tensor being read
};

} // namespace llamahome::formats
