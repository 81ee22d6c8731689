#include "formats/hub/model_weights.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/safetensors/safetensors_reader.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";

Result<std::unique_ptr<TensorSource>> openSafetensors(const fs::path& path) {
    auto opened = SafetensorsReader::open(path);
    if (!opened) return opened.error();
    return std::unique_ptr<TensorSource>(std::move(*opened));
}

Error weightsMissing(const fs::path& folder) {
    std::string hint = "choose a folder with a model in Hub layout";
    std::error_code ignored;
    if (fs::exists(folder / "pytorch_model.bin", ignored) ||
        fs::exists(folder / "pytorch_model.bin.index.json", ignored))
        hint = "it has pytorch_model.bin: `llamahome import` makes a model with safetensors of it";
    if (fs::exists(folder / "consolidated.00.pth", ignored))
        hint = "it is in Meta's own layout: `llamahome import` makes a model in Hub layout of it";
    return Error{codes::kModelWeightsMissing, displayPath(folder) + ": found no " + std::string(kSingleFile) +
                                                  " and no " + std::string(kIndexFile) + "; " + hint};
}

} // namespace

Result<std::unique_ptr<TensorSource>> openModelWeights(const fs::path& folder) {
    std::error_code ignored;
    const fs::path single = folder / kSingleFile;
    const fs::path index = folder / kIndexFile;
    if (fs::exists(fs::symlink_status(single, ignored))) return openSafetensors(single);
    if (fs::exists(fs::symlink_status(index, ignored))) return openShardedWeights(index, openSafetensors);
    return weightsMissing(folder);
}

} // namespace llamahome::formats
