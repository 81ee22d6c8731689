#include "llama/quant/quantising_weights.h"

#include <cstring>

#include "formats/bitsandbytes/quantised_parts.h"
#include "llama/quant/quantise.h"

namespace llamahome::engine {

using formats::TensorInfo;

bool isQuantisedWeight(const TensorInfo& tensor) {
    return tensor.shape.size() == 2 && tensor.name.starts_with("model.layers.") &&
           tensor.name.ends_with(formats::kWeightSuffix);
}

QuantisingWeights::QuantisingWeights(formats::TensorSource& source, formats::Quantisation format,
                                     formats::ParallelFor parallel)
    : m_source(source)
    , m_format(format)
    , m_parallel(std::move(parallel)) {
    for (const TensorInfo& tensor : source.tensors()) {
        if (!isQuantisedWeight(tensor)) {
            m_tensors.push_back(tensor);
            continue;
        }
        const auto parts = formats::quantisedParts(tensor, format);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            m_tensors.push_back(parts[i]);
            m_parts.emplace(parts[i].name, Part{&tensor, i});
        }
    }
}

Result<void> QuantisingWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    const auto found = m_parts.find(tensor.name);
    if (found == m_parts.end()) return m_source.read(tensor, out);
    const Part& part = found->second;
    if (m_quantised != part.weight) {
        std::vector<std::byte> values(static_cast<std::size_t>(part.weight->byteSize()));
        if (auto read = m_source.read(*part.weight, values); !read) return read;
        auto matrix = quantise(m_format, *part.weight, values, m_parallel);
        if (!matrix) return matrix.error();
        m_matrix = std::move(*matrix);
        m_quantised = part.weight;
    }
    std::string text;
    const auto bytes = formats::quantisedPartBytes(*part.weight, m_matrix.view, part.index, text);
    std::memcpy(out.data(), bytes.data(), out.size());
    return {};
}

} // namespace llamahome::engine
