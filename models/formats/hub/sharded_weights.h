// The shards of a Hub model behind their index, as one source. One thread at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensor.h"

namespace llamahome::formats {

using ShardOpener = std::function<Result<std::unique_ptr<TensorSource>>(const std::filesystem::path&)>;

/// Opens the files that an index (model.safetensors.index.json, pytorch_model.bin.index.json) names beside
/// it, each by `open`. The index must be complete both ways (ST-38) and its file names plain (ST-37); a wrong
/// total_size is only logged.
Result<std::unique_ptr<TensorSource>> openShardedWeights(const std::filesystem::path& index,
                                                         const ShardOpener& open);

/// The names of those files, sorted. JSON-n, ST-37; ST-38 for an index without tensors.
Result<std::vector<std::string>> shardNames(const std::filesystem::path& index);

/// True for a name that stays in its folder on every system: no separator, colon, "..", or control character.
bool isPlainFileName(std::string_view name);

} // namespace llamahome::formats
