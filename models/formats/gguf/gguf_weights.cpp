#include "formats/gguf/gguf_weights.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/half.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/rope_divisors.h"
#include "formats/hub/tensor_names.h"
#include "formats/tensor_values.h"

namespace llamahome::formats {
namespace {

bool isMatrix(const TensorInfo& tensor) {
    return tensor.shape.size() > 1;
}

/// bfloat16 is the upper half of a float.
bool isBfloat16(float value) {
    return (std::bit_cast<std::uint32_t>(value) & 0xFFFFU) == 0;
}

/// Whether bfloat16 would lose what the file holds: all of its matrices are fp32, and one has more bits.
Result<bool> needsFloats(GgufReader& reader, const CancelToken& cancel) {
    if (!hasFloatMatrices(reader)) return false;
    for (const TensorInfo& tensor : reader.tensors()) {
        if (!isMatrix(tensor)) continue;
        if (cancel.isCancelled()) return Error{codes::kCancelled, "reading GGUF was stopped"};
        const auto values = readAsFloats(reader, tensor);
        if (!values) return values.error();
        if (!std::all_of(values->begin(), values->end(), isBfloat16)) return true;
    }
    return false;
}

} // namespace

bool hasFloatMatrices(const GgufReader& reader) {
    const auto& tensors = reader.tensors();
    return std::all_of(tensors.begin(), tensors.end(), [&](const TensorInfo& tensor) {
        return !isMatrix(tensor) || reader.packing(tensor).name == dtypeName(DType::F32);
    });
}

GgufWeights::GgufWeights(GgufReader& reader, const ModelConfig& config, std::vector<TensorInfo> tensors)
    : m_reader(reader)
    , m_config(config)
    , m_tensors(std::move(tensors)) {}

Result<GgufWeights> GgufWeights::of(GgufReader& reader, const ModelConfig& config,
                                    const CancelToken& cancel) {
    GgufWeights weights(reader, config, expectedTensors(config));
    for (const TensorInfo& wanted : weights.m_tensors) {
        const auto name = translateName(wanted.name, NameStyle::Hub, NameStyle::Gguf);
        const TensorInfo* const found = reader.find(*name);
        if (found == nullptr) return reader.tensorsError("tensor " + *name + " is missing");
        if (found->shape != wanted.shape)
            return reader.tensorsError("tensor " + *name + ": found " + shapeText(found->shape) +
                                       ", expected " + shapeText(wanted.shape));
    }
    for (const TensorInfo& found : reader.tensors()) {
        const auto name = translateName(found.name, NameStyle::Gguf, NameStyle::Hub);
        if (found.name != kGgufRopeTensor && (!name || weights.find(*name) == nullptr))
            return reader.tensorsError("tensor " + quotedText(found.name) +
                                       " belongs to no Llama of this size");
    }
    const auto floats = needsFloats(reader, cancel);
    if (!floats) return floats.error();
    for (TensorInfo& wanted : weights.m_tensors)
        wanted.dtype = *floats ? DType::F32 : DType::BF16;
    return weights;
}

Result<void> GgufWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    assert(out.size() == tensor.byteSize());
    const TensorInfo& packed = *m_reader.find(*translateName(tensor.name, NameStyle::Hub, NameStyle::Gguf));
    m_values.resize(static_cast<std::size_t>(packed.elementCount()));
    if (auto read = m_reader.read(packed, std::as_writable_bytes(std::span(m_values))); !read) return read;
    if (tensor.dtype == DType::F32) std::memcpy(out.data(), m_values.data(), out.size());
    for (std::size_t i = 0; tensor.dtype == DType::BF16 && i < m_values.size(); ++i) {
        const std::uint16_t rounded = floatToBfloat16(m_values[i]);
        std::memcpy(out.data() + i * sizeof rounded, &rounded, sizeof rounded);
    }
    if (const std::int64_t heads = interleavedHeads(tensor.name, m_config); heads > 0)
        deinterleaveHeadRows(out, heads, m_config.head_dim);
    return {};
}

} // namespace llamahome::formats
