// A model's weights with a LoRA adapter added to them: W' = W + scaling · B·A, and its biases (llama.md 6.6).
// One thread at a time.
#pragma once

#include <unordered_map>
#include <vector>

#include "formats/peft/peft_adapter.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class MergedWeights final : public TensorSource {
public:
    /// EXP-04 where the adapter changes a matrix or bias that the model has not, or of another shape, or of a
    /// type other than F32, F16 and BF16. Both outlive this.
    static Result<MergedWeights> of(TensorSource& base, const PeftAdapter& adapter);

    /// Those of the base: names, types, shapes.
    const std::vector<TensorInfo>& tensors() const override { return m_base->tensors(); }
    /// Sums in fp32 and rounds once to the base's type. EXP-04 where a sum is not finite in that.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Of tensors that the adapter does not change.
    std::span<const std::byte> mapped(const TensorInfo& tensor) const override;

private:
    MergedWeights(TensorSource& base, const PeftAdapter& adapter)
        : m_base(&base)
        , m_adapter(&adapter) {}

    TensorSource* m_base;
    const PeftAdapter* m_adapter;
    std::unordered_map<std::string, const LoraPair*> m_pairs;     ///< by the name of the tensor
    std::unordered_map<std::string, const AdapterBias*> m_biases; ///< likewise
};

} // namespace llamahome::formats
