#include "formats/gguf/gguf_weights.h"

#include <cassert>
#include <cstring>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/half.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/rope_divisors.h"
#include "formats/hub/tensor_names.h"

namespace llamahome::formats {
namespace {

Error tensorsError(const GgufReader& reader, const std::string& text) {
    return Error{codes::kGgufTensors, reader.shownPath() + ": " + text + "; get the file again"};
}

} // namespace

GgufWeights::GgufWeights(GgufReader& reader, const ModelConfig& config, std::vector<TensorInfo> tensors)
    : m_reader(reader)
    , m_config(config)
    , m_tensors(std::move(tensors)) {}

Result<GgufWeights> GgufWeights::of(GgufReader& reader, const ModelConfig& config) {
    GgufWeights weights(reader, config, expectedTensors(config));
    for (TensorInfo& wanted : weights.m_tensors) {
        wanted.dtype = DType::BF16;
        const auto name = translateName(wanted.name, NameStyle::Hub, NameStyle::Gguf);
        const TensorInfo* const found = reader.find(*name);
        if (found == nullptr) return tensorsError(reader, "tensor " + *name + " is missing");
        if (found->shape != wanted.shape)
            return tensorsError(reader, "tensor " + *name + ": found " + shapeText(found->shape) +
                                            ", expected " + shapeText(wanted.shape));
    }
    for (const TensorInfo& found : reader.tensors()) {
        const auto name = translateName(found.name, NameStyle::Gguf, NameStyle::Hub);
        if (found.name != kGgufRopeTensor && (!name || weights.find(*name) == nullptr))
            return tensorsError(reader,
                                "tensor " + quotedText(found.name) + " belongs to no Llama of this size");
    }
    return weights;
}

Result<void> GgufWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    assert(out.size() == tensor.byteSize());
    const TensorInfo& packed = *m_reader.find(*translateName(tensor.name, NameStyle::Hub, NameStyle::Gguf));
    m_values.resize(static_cast<std::size_t>(packed.elementCount()));
    if (auto read = m_reader.read(packed, std::as_writable_bytes(std::span(m_values))); !read) return read;
    for (std::size_t i = 0; i < m_values.size(); ++i) {
        const std::uint16_t rounded = floatToBfloat16(m_values[i]);
        std::memcpy(out.data() + i * sizeof rounded, &rounded, sizeof rounded);
    }
    if (const std::int64_t heads = interleavedHeads(tensor.name, m_config); heads > 0)
        deinterleaveHeadRows(out, heads, m_config.head_dim);
    return {};
}

} // namespace llamahome::formats
