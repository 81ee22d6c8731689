#include "formats/tensor_values.h"

#include <cstring>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/half.h"

namespace llamahome::formats {
namespace {

constexpr std::uint16_t kBfloat16Exponent = 0x7F80;
constexpr std::uint16_t kHalfExponent = 0x7C00;
constexpr std::uint32_t kFloatExponent = 0x7F800000;

/// Infinities and NaN are the numbers whose exponent is all ones.
template <typename Word>
bool hasFullExponent(std::span<const std::byte> bytes, Word exponent) {
    for (std::size_t at = 0; at + sizeof(Word) <= bytes.size(); at += sizeof(Word)) {
        Word word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        if ((word & exponent) == exponent) return true;
    }
    return false;
}

} // namespace

Result<std::vector<float>> readAsFloats(TensorSource& source, const TensorInfo& tensor) {
    const auto count = static_cast<std::size_t>(tensor.elementCount());
    std::vector<float> values(count);
    if (tensor.dtype == DType::F32) {
        if (auto read = source.read(tensor, std::as_writable_bytes(std::span(values))); !read)
            return read.error();
        return values;
    }
    if (tensor.dtype != DType::F16 && tensor.dtype != DType::BF16)
        return Error{codes::kStTypeUnknown, "tensor " + quotedText(tensor.name) + ": found type " +
                                                std::string(dtypeName(tensor.dtype)) +
                                                ", expected F32, F16 or BF16; get the file again"};
    std::vector<std::uint16_t> halves(count);
    if (auto read = source.read(tensor, std::as_writable_bytes(std::span(halves))); !read)
        return read.error();
    const auto convert = tensor.dtype == DType::F16 ? halfToFloat : bfloat16ToFloat;
    for (std::size_t i = 0; i < count; ++i)
        values[i] = convert(halves[i]);
    return values;
}

bool holdsNonFinite(std::span<const std::byte> bytes, DType type) {
    switch (type) {
    case DType::BF16:
        return hasFullExponent<std::uint16_t>(bytes, kBfloat16Exponent);
    case DType::F16:
        return hasFullExponent<std::uint16_t>(bytes, kHalfExponent);
    case DType::F32:
        return hasFullExponent<std::uint32_t>(bytes, kFloatExponent);
    default:
        return false;
    }
}

} // namespace llamahome::formats
