// Where each tensor of a safetensors file lies: sizes against shapes, and the data area tiled exactly. Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "formats/safetensors/safetensors_header.h"
#include "formats/tensor.h"

namespace llamahome::formats {

struct PlacedTensor {
    TensorInfo info;
    std::uint64_t begin = 0; ///< from the start of the data
};

/// Checks ST-18, ST-21, ST-22 and ST-25 … ST-36 against the `dataBytes` after the header and returns the
/// tensors in the order of the data. Sorting makes it n log n whatever the file says.
Result<std::vector<PlacedTensor>> placeTensors(std::vector<SafetensorsEntry> entries, std::uint64_t dataBytes,
                                               const std::string& what);

} // namespace llamahome::formats
