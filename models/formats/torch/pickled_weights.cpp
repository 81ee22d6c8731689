#include "formats/torch/pickled_weights.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/sharded_weights.h"
#include "formats/hub/tensor_names.h"
#include "formats/torch/torch_reader.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

bool isFile(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

Result<std::unique_ptr<TensorSource>> openFiles(const fs::path& folder, const CancelToken& cancel) {
    const auto open = [&](const fs::path& path) -> Result<std::unique_ptr<TensorSource>> {
        auto opened = TorchReader::open(path, cancel);
        if (!opened) return opened.error();
        return std::unique_ptr<TensorSource>(std::move(*opened));
    };
    const fs::path index = folder / kPickledIndex;
    if (isFile(folder / kPickledFile) || !isFile(index)) return open(folder / kPickledFile);
    return openShardedWeights(index, open);
}

} // namespace

Result<std::unique_ptr<PickledWeights>>
PickledWeights::open(const fs::path& folder, const ModelConfig& config, const CancelToken& cancel) {
    auto files = openFiles(folder, cancel);
    if (!files) return files.error();
    const std::string what = displayPath(folder);
    if (auto belongs = checkModelTensors(**files, config, what); !belongs) return belongs.error();
    std::unique_ptr<PickledWeights> weights(new PickledWeights(std::move(*files)));
    for (TensorInfo& tensor : expectedTensors(config)) {
        tensor.dtype = weights->m_files->find(tensor.name)->dtype;
        if (!isWeightType(tensor.dtype))
            return Error{codes::kStateDict, what + ": tensor " + tensor.name + " has type " +
                                                std::string(dtypeName(tensor.dtype)) +
                                                ", expected BF16, F16 or F32; get the unquantised model"};
        weights->m_tensors.push_back(std::move(tensor));
    }
    return weights;
}

Result<void> PickledWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    return m_files->read(*m_files->find(tensor.name), out);
}

Result<std::vector<std::string>> pickledFileNames(const fs::path& folder) {
    std::vector<std::string> names;
    if (isFile(folder / kPickledFile)) {
        names.emplace_back(kPickledFile);
    } else if (isFile(folder / kPickledIndex)) {
        auto shards = shardNames(folder / kPickledIndex);
        if (!shards) return shards;
        names = std::move(*shards);
        names.emplace_back(kPickledIndex);
    }
    return names;
}

} // namespace llamahome::formats
