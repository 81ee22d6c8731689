#include "formats/peft/merged_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error_codes.h"
#include "formats/half.h"

namespace llamahome::formats {
namespace {

bool isMergeable(DType type) {
    return type == DType::F32 || type == DType::F16 || type == DType::BF16;
}

/// Row `row` of B·A, times `scaling`.
void deltaRow(const LoraPair& pair, std::size_t row, float scaling, std::vector<float>& delta) {
    const auto rank = static_cast<std::size_t>(pair.r);
    const std::size_t columns = delta.size();
    std::fill(delta.begin(), delta.end(), 0.0F);
    for (std::size_t k = 0; k < rank; ++k) {
        const float factor = pair.loraB[row * rank + k];
        const float* const a = pair.loraA.data() + k * columns;
        float* const sum = delta.data();
        for (std::size_t i = 0; i < columns; ++i)
            sum[i] += factor * a[i];
    }
    for (float& value : delta)
        value *= scaling;
}

/// False where a sum is not finite in the type.
template <typename Number, typename ToFloat, typename FromFloat>
bool addRow(std::byte* row, const std::vector<float>& delta, ToFloat toFloat, FromFloat fromFloat) {
    bool areFinite = true;
    for (std::size_t i = 0; i < delta.size(); ++i) {
        Number value{};
        std::memcpy(&value, row + i * sizeof value, sizeof value);
        value = fromFloat(toFloat(value) + delta[i]);
        areFinite = areFinite && std::isfinite(toFloat(value));
        std::memcpy(row + i * sizeof value, &value, sizeof value);
    }
    return areFinite;
}

bool addRow(DType type, std::byte* row, const std::vector<float>& delta) {
    const auto same = [](float value) { return value; };
    if (type == DType::F32) return addRow<float>(row, delta, same, same);
    if (type == DType::F16) return addRow<std::uint16_t>(row, delta, halfToFloat, floatToHalf);
    return addRow<std::uint16_t>(row, delta, bfloat16ToFloat, floatToBfloat16);
}

} // namespace

Result<MergedWeights> MergedWeights::of(TensorSource& base, const PeftAdapter& adapter) {
    MergedWeights merged(base, adapter);
    for (const AdapterBias& bias : adapter.biases) {
        const std::string name = bias.module + ".bias";
        const TensorInfo* const found = base.find(name);
        const std::vector<std::int64_t> shape{static_cast<std::int64_t>(bias.values.size())};
        if (found == nullptr || found->shape != shape || !isMergeable(found->dtype))
            return Error{codes::kMergeRefused,
                         "the adapter holds " + name + " " + shapeText(shape) + ", this model " +
                             (found == nullptr ? "has none"
                                               : "one of " + std::string(dtypeName(found->dtype)) + " " +
                                                     shapeText(found->shape)) +
                             "; merge it with the model that it was trained on"};
        merged.m_biases.emplace(name, &bias);
    }
    for (const LoraPair& pair : adapter.pairs) {
        const std::string name = pair.module + ".weight";
        const auto refuse = [&](const std::string& what) {
            return Error{codes::kMergeRefused, "the adapter changes " + name + ", " + what +
                                                   "; merge it with the model that it was trained on"};
        };
        const TensorInfo* const found = base.find(name);
        if (found == nullptr) return refuse("which this model has not");
        const std::vector<std::int64_t> shape{pair.outFeatures, pair.inFeatures};
        if (found->shape != shape)
            return refuse("found " + shapeText(shape) + ", expected " + shapeText(found->shape));
        if (!isMergeable(found->dtype))
            return refuse("which is " + std::string(dtypeName(found->dtype)) + ", expected F32, F16 or BF16");
        merged.m_pairs.emplace(name, &pair);
    }
    return merged;
}

Result<void> MergedWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    if (auto read = m_base->read(tensor, out); !read) return read;
    const auto tooLarge = [&] {
        return Error{codes::kMergeRefused, "the adapter makes values of " + tensor.name + " too large for " +
                                               std::string(dtypeName(tensor.dtype)) +
                                               "; take less of it, as in ADAPTER:0.5"};
    };
    if (const auto bias = m_biases.find(tensor.name); bias != m_biases.end()) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return addRow(tensor.dtype, out.data(), bias->second->values) ? Result<void>()
                                                                      : Result<void>(tooLarge());
    }
    const auto pair = m_pairs.find(tensor.name);
    if (pair == m_pairs.end()) return {};
    const auto rows = static_cast<std::size_t>(tensor.shape[0]);
    const auto scaling = static_cast<float>(m_adapter->scaling(*pair->second));
    std::vector<float> delta(static_cast<std::size_t>(tensor.shape[1]));
    for (std::size_t row = 0; row < rows; ++row) {
        deltaRow(*pair->second, row, scaling, delta);
        if (!addRow(tensor.dtype, out.data() + row * (out.size() / rows), delta)) return tooLarge();
    }
    return {};
}

std::span<const std::byte> MergedWeights::mapped(const TensorInfo& tensor) const {
    return m_pairs.contains(tensor.name) || m_biases.contains(tensor.name) ? std::span<const std::byte>{}
                                                                           : m_base->mapped(tensor);
}

} // namespace llamahome::formats
