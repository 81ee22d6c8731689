// The weights of a Hub-layout folder as one source: a single file or shards behind an index. One thread at a
// time.
#pragma once

#include <filesystem>
#include <memory>

#include "formats/hub/sharded_weights.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// Opens `model.safetensors`, else the shards of `model.safetensors.index.json`. The index must be complete
/// both ways (ST-38) and its file names plain (ST-37); a wrong total_size is only logged. ST-51 when neither
/// is there. What bitsandbytes quantised appears as it was before (QuantisedWeights).
Result<std::unique_ptr<TensorSource>> openModelWeights(const std::filesystem::path& folder);

} // namespace llamahome::formats
