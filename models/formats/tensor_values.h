// Tensors of any floating type as fp32 values. Any thread.
#pragma once

#include <vector>

#include "core/result.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// Reads an F32, F16 or BF16 tensor whole; ST-17 names another type.
Result<std::vector<float>> readAsFloats(TensorSource& source, const TensorInfo& tensor);

} // namespace llamahome::formats
