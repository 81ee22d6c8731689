// The weights of a Hub-layout folder as one source: a single file or shards behind an index. One thread at a
// time.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "formats/tensor.h"

namespace llamahome::formats {

/// Opens `model.safetensors`, else the shards of `model.safetensors.index.json`. The index must be complete
/// both ways (ST-38) and its file names plain (ST-37); a wrong total_size is only logged. ST-51 when neither
/// is there.
Result<std::unique_ptr<TensorSource>> openModelWeights(const std::filesystem::path& folder);

/// True for a name that stays in its folder on every system: no separator, colon, "..", or control character.
bool isPlainFileName(std::string_view name);

} // namespace llamahome::formats
