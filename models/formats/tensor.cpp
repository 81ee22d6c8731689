#include "formats/tensor.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace llamahome::formats {
namespace {

struct TypeRow {
    DType type;
    std::string_view name;
    std::size_t bytes;
};

constexpr std::array kTypes{
    TypeRow{DType::Bool, "BOOL", 1}, TypeRow{DType::U8, "U8", 1},   TypeRow{DType::I8, "I8", 1},
    TypeRow{DType::I16, "I16", 2},   TypeRow{DType::U16, "U16", 2}, TypeRow{DType::F16, "F16", 2},
    TypeRow{DType::BF16, "BF16", 2}, TypeRow{DType::I32, "I32", 4}, TypeRow{DType::U32, "U32", 4},
    TypeRow{DType::F32, "F32", 4},   TypeRow{DType::I64, "I64", 8}, TypeRow{DType::U64, "U64", 8},
    TypeRow{DType::F64, "F64", 8},
};

const TypeRow& rowOf(DType type) {
    return *std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& row) { return row.type == type; });
}

} // namespace

std::size_t elementBytes(DType type) {
    return rowOf(type).bytes;
}

std::string_view dtypeName(DType type) {
    return rowOf(type).name;
}

std::optional<DType> dtypeFromName(std::string_view name) {
    for (const TypeRow& row : kTypes)
        if (row.name == name) return row.type;
    return std::nullopt;
}

std::uint64_t TensorInfo::elementCount() const {
    std::uint64_t count = 1;
    for (const std::int64_t size : shape)
        count *= static_cast<std::uint64_t>(size);
    return count;
}

std::uint64_t TensorInfo::byteSize() const {
    return elementCount() * elementBytes(dtype);
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

const TensorInfo* TensorSource::find(std::string_view name) const {
    const auto& all = tensors();
    if (m_byName.size() != all.size()) {
        m_byName.resize(all.size());
        std::iota(m_byName.begin(), m_byName.end(), std::size_t{0});
        std::sort(m_byName.begin(), m_byName.end(),
                  [&](std::size_t a, std::size_t b) { return all[a].name < all[b].name; });
    }
    const auto found = std::lower_bound(m_byName.begin(), m_byName.end(), name,
                                        [&](std::size_t i, std::string_view n) { return all[i].name < n; });
    return found == m_byName.end() || all[*found].name != name ? nullptr : &all[*found];
}

} // namespace llamahome::formats
