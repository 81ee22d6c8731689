#include "formats/hub/hub_weights.h"

#include <algorithm>
#include <map>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/five_digits.h"
#include "formats/hub/hub_names.h"
#include "formats/safetensors/safetensors_writer.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

std::string shardName(std::size_t shard, std::size_t count) {
    return count == 1 ? std::string(kWeightsFile)
                      : "model-" + fiveDigits(shard + 1) + "-of-" + fiveDigits(count) + ".safetensors";
}

std::uint64_t totalBytes(const std::vector<TensorInfo>& tensors) {
    std::uint64_t bytes = 0;
    for (const TensorInfo& tensor : tensors)
        bytes += tensor.byteSize();
    return bytes;
}

Json indexJson(const std::vector<TensorInfo>& tensors, const std::vector<std::vector<std::size_t>>& shards) {
    std::map<std::string, std::string> files;
    for (std::size_t shard = 0; shard < shards.size(); ++shard)
        for (const std::size_t tensor : shards[shard])
            files[tensors[tensor].name] = shardName(shard, shards.size());
    Json map = Json::object();
    auto& members = map.get_ref<Json::object_t&>(); // appended: assignment by key looks through all
    for (const auto& [tensor, file] : files)
        members.emplace_back(tensor, Json(file));
    return Json{{"metadata", Json{{"total_size", totalBytes(tensors)}}}, {"weight_map", std::move(map)}};
}

} // namespace

std::vector<std::vector<std::size_t>> planShards(const std::vector<TensorInfo>& tensors,
                                                 std::uint64_t maxShardBytes) {
    std::vector<std::vector<std::size_t>> shards;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const std::uint64_t size = tensors[i].byteSize();
        if (shards.empty() || bytes + size > maxShardBytes) {
            shards.emplace_back();
            bytes = 0;
        }
        shards.back().push_back(i);
        bytes += size;
    }
    return shards;
}

Result<void> writeHubWeights(FileLayer& files, const fs::path& folder, TensorSource& source,
                             const char* phase, const CancelToken& cancel, const ProgressSink& progress,
                             std::uint64_t maxShardBytes) {
    const std::vector<TensorInfo>& tensors = source.tensors();
    const auto shards = planShards(tensors, maxShardBytes);
    Progress state{phase, 0, totalBytes(tensors), "bytes"};
    std::vector<std::byte> buffer;
    for (std::size_t shard = 0; shard < shards.size(); ++shard) {
        std::vector<TensorInfo> plan;
        for (const std::size_t tensor : shards[shard])
            plan.push_back(tensors[tensor]);
        plan = safetensorsOrder(std::move(plan));
        auto writer = SafetensorsWriter::create(files, folder / shardName(shard, shards.size()), plan,
                                                {{"format", "pt"}});
        if (!writer) return writer.error();
        for (const TensorInfo& tensor : plan) {
            if (cancel.isCancelled()) return Error{codes::kCancelled, std::string(phase) + " was stopped"};
            buffer.resize(static_cast<std::size_t>(tensor.byteSize()));
            if (auto read = source.read(tensor, buffer); !read) return read;
            if (auto written = (*writer)->write(tensor, buffer); !written) return written;
            state.done += buffer.size();
            if (progress) progress(state);
        }
        if (auto finished = (*writer)->finish(); !finished) return finished;
    }
    if (shards.size() < 2) return {};
    return writeFileAtomically(files, folder / kWeightsIndex, writeJson(indexJson(tensors, shards)));
}

} // namespace llamahome::formats
