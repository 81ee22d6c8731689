#include "formats/tensor_values.h"

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/half.h"

namespace llamahome::formats {

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

} // namespace llamahome::formats
