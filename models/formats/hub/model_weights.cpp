#include "formats/hub/model_weights.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/file_text.h"
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

/// The first file named as one of several that hold a model's weights, such as model-00001-of-00002; empty:
/// there is none.
std::string firstShard(const fs::path& folder) {
    std::string first;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = displayPath(entry->path().filename());
        if (name.starts_with("model-") && name.find("-of-") != std::string::npos &&
            name.ends_with(".safetensors") && (first.empty() || name < first))
            first = name;
    }
    return first;
}

Error weightsMissing(const fs::path& folder) {
    if (const std::string shard = firstShard(folder); !shard.empty())
        return Error{codes::kModelWeightsMissing,
                     displayPath(folder) + ": found " + quotedText(shard) +
                         ", one of several files, but no " + std::string(kWeightsIndex) +
                         ", which says what is in which; get the index from where the model came"};
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
