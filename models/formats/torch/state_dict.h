// The table of tensors that an unpickled state dict describes, every number checked. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/tensor.h"
#include "formats/torch/pickle_machine.h"

namespace llamahome::formats {

/// A tensor whose elements lie one after the other in a storage.
struct StateDictTensor {
    TensorInfo info;
    std::string_view storageKey; ///< a view into the pickle
    std::uint64_t storageBytes = 0;
    std::uint64_t offset = 0; ///< of the first byte in the storage
};

/// The tensors of the dictionary at the root, or of the one under "model" or "state_dict" there, as training
/// programs save it. PT-14 for other keys and values; PT-19 … PT-23, with the tensor's name, for shapes that
/// are none, reach beyond their storage or are not row-major, and for a storage that is used with two types.
Result<std::vector<StateDictTensor>> readStateDict(const Pickled& pickled, const std::string& shownPath);

} // namespace llamahome::formats
