// A model's weights as bitsandbytes would store them, quantised as they are read. Torch-free; one thread at a
// time.
#pragma once

#include <map>

#include "formats/bitsandbytes/quantised_matrix.h"
#include "formats/gguf/gguf_packing.h"
#include "formats/tensor.h"

namespace llamahome::engine {

/// True for what is quantised: the matrices of the layers' projections, by their Hub names.
bool isQuantisedWeight(const formats::TensorInfo& tensor);

class QuantisingWeights final : public formats::TensorSource {
public:
    /// `source` bears Hub names and outlives this.
    QuantisingWeights(formats::TensorSource& source, formats::Quantisation format,
                      formats::ParallelFor parallel);

    /// In the order of the source, the parts of a matrix in its place.
    const std::vector<formats::TensorInfo>& tensors() const override { return m_tensors; }
    /// A part: its matrix is read and quantised, unless the part before was of the same one. ST-44.
    Result<void> read(const formats::TensorInfo& tensor, std::span<std::byte> out) override;
    std::span<const std::byte> mapped(const formats::TensorInfo&) const override { return {}; }

private:
    /// Part `index` of `weight`.
    struct Part {
        const formats::TensorInfo* weight;
        std::size_t index;
    };

    formats::TensorSource& m_source;
    formats::Quantisation m_format;
    formats::ParallelFor m_parallel;
    std::vector<formats::TensorInfo> m_tensors;
    std::map<std::string, Part, std::less<>> m_parts; ///< by the part's name
    const formats::TensorInfo* m_quantised = nullptr; ///< the weight that m_matrix was made of
    formats::QuantisedMatrix m_matrix{};
};

} // namespace llamahome::engine
