#include "formats/hub/model_weights.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/hub/hub_names.h"
#include "formats/safetensors/safetensors_reader.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

Result<std::unique_ptr<TensorSource>> openSafetensors(const fs::path& path) {
    auto opened = SafetensorsReader::open(path);
    if (!opened) return opened.error();
    return std::unique_ptr<TensorSource>(std::move(*opened));
}

Error weightsMissing(const fs::path& folder) {
    std::string hint = "choose a folder with a model in Hub layout";
    std::error_code ignored;
    if (fs::exists(folder / kPickledFile, ignored) || fs::exists(folder / kPickledIndex, ignored))
        hint = "it has " + std::string(kPickledFile) +
               ": `llamahome import` makes a model with safetensors of it";
    if (fs::exists(folder / "consolidated.00.pth", ignored))
        hint = "it is in Meta's own layout: `llamahome import` makes a model in Hub layout of it";
    return Error{codes::kModelWeightsMissing, displayPath(folder) + ": found no " +
                                                  std::string(kWeightsFile) + " and no " +
                                                  std::string(kWeightsIndex) + "; " + hint};
}

} // namespace

Result<std::unique_ptr<TensorSource>> openModelWeights(const fs::path& folder) {
    std::error_code ignored;
    const fs::path single = folder / kWeightsFile;
    const fs::path index = folder / kWeightsIndex;
    const bool isSingle = fs::exists(fs::symlink_status(single, ignored));
    if (!isSingle && !fs::exists(fs::symlink_status(index, ignored))) return weightsMissing(folder);
    auto stored = isSingle ? openSafetensors(single) : openShardedWeights(index, openSafetensors);
    if (!stored) return stored.error();
    return QuantisedWeights::over(std::move(*stored), displayPath(folder));
}

} // namespace llamahome::formats
