#include "jobs/quantised_cache.h"

#include <map>
#include <string>
#include <vector>

#include "core/error_codes.h"
#include "core/log.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "jobs/export/export_forms.h"
#include "jobs/library/disk_room.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/manifest.h"
#include "llama/quant/quantising_weights.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

using formats::Quantisation;
using formats::TensorInfo;

constexpr std::string_view kPrefix = "llamahome.quantised-";
constexpr std::string_view kModelKey = "model";    ///< of the file's metadata: the digest
constexpr std::string_view kMadeByKey = "made_by"; ///< counts up when the same model gives other bytes
constexpr std::string_view kMadeBy = "llamahome 1";

using Metadata = std::map<std::string, std::string>;

Metadata metadataFor(const Manifest& manifest) {
    return {{std::string(kModelKey), manifest.digest}, {std::string(kMadeByKey), std::string(kMadeBy)}};
}

bool isUpToDate(const fs::path& path, const Metadata& expected) {
    std::error_code failure;
    if (!fs::is_regular_file(path, failure)) return false;
    const auto reader = formats::SafetensorsReader::open(path);
    return reader && (*reader)->metadata() == expected;
}

/// The stored parts of every quantised matrix of the model, and of nothing else.
std::vector<TensorInfo> partsOf(const formats::TensorSource& stored, const formats::TensorSource& model) {
    std::vector<TensorInfo> parts;
    for (const TensorInfo& tensor : stored.tensors()) {
        const TensorInfo* const whole = model.find(tensor.name);
        if (whole == nullptr || engine::isQuantisedWeight(*whole)) parts.push_back(tensor);
    }
    return parts;
}

Result<void> writeCache(FileLayer& files, const fs::path& path, const Metadata& metadata, Quantisation format,
                        const formats::ModelConfig& config, const CancelToken& cancel,
                        const ProgressSink& progress) {
    const fs::path folder = path.parent_path();
    const auto model = formats::openModelWeights(folder);
    if (!model) return model.error();
    if (auto checked = formats::checkModelTensors(**model, config, displayPath(folder)); !checked)
        return checked;
    engine::QuantisingWeights stored(**model, format, packingThreads());
    const auto plan = partsOf(stored, **model);
    Progress state{"quantising the model, once", 0, 0, "bytes"};
    for (const TensorInfo& part : plan)
        state.total += part.byteSize();
    if (auto room = checkDiskRoom(folder, state.total, displayPath(path)); !room) return room;
    auto writer = formats::SafetensorsWriter::create(files, path, plan, metadata);
    if (!writer) return writer.error();
    std::vector<std::byte> bytes;
    for (const TensorInfo& part : plan) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "quantising the model was stopped"};
        bytes.resize(static_cast<std::size_t>(part.byteSize()));
        if (auto read = stored.read(part, bytes); !read) return read;
        if (auto written = (*writer)->write(part, bytes); !written) return written;
        state.done += bytes.size();
        if (progress) progress(state);
    }
    return (*writer)->finish();
}

} // namespace

bool isQuantisedCache(std::string_view name) {
    return name.starts_with(kPrefix);
}

std::uint64_t quantisedCacheBytes(const fs::path& folder) {
    const auto found = filesOf(folder, isQuantisedCache);
    if (!found) return 0;
    const auto bytes = sizeOf(*found);
    return bytes ? *bytes : 0;
}

Result<fs::path> quantisedCache(FileLayer& files, const fs::path& folder, Quantisation format,
                                const CancelToken& cancel, const ProgressSink& progress) {
    const auto manifest = readManifest(folder);
    if (!manifest) return fs::path();
    const auto config = formats::readModelConfig(folder / "config.json");
    if (!config) return config.error();
    if (config->quantization) return fs::path();
    const fs::path path = folder / (std::string(kPrefix) + std::string(formats::quantisationName(format)));
    const Metadata metadata = metadataFor(*manifest);
    if (isUpToDate(path, metadata)) return path;
    const auto written = writeCache(files, path, metadata, format, *config, cancel, progress);
    if (written) return path;
    if (written.error().code == codes::kCancelled) return written.error();
    logLine(LogLevel::Warning, "jobs",
            "quantised weights are not kept for the next time: " + written.error().message);
    return fs::path();
}

} // namespace llamahome::jobs
