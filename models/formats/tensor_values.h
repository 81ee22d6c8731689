// The values of tensors of any floating type: as fp32, and whether all are finite. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/result.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// Reads an F32, F16 or BF16 tensor whole; ST-17 names another type.
Result<std::vector<float>> readAsFloats(TensorSource& source, const TensorInfo& tensor);

/// Whether one of the elements is an infinity or NaN; false for types that have none.
bool holdsNonFinite(std::span<const std::byte> bytes, DType type);

} // namespace llamahome::formats
