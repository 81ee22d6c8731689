#include "formats/hub/sharded_weights.h"

#include <map>
#include <unordered_map>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/log.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

/// Several files as one source.
class ShardedSource final : public TensorSource {
public:
    /// The name of a tensor that an earlier shard already has, or empty.
    std::string add(std::unique_ptr<TensorSource> shard) {
        for (const TensorInfo& tensor : shard->tensors()) {
            if (!m_owners.emplace(tensor.name, shard.get()).second) return tensor.name;
            m_tensors.push_back(tensor);
        }
        m_shards.push_back(std::move(shard));
        return {};
    }

    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override {
        return m_owners.at(tensor.name)->read(tensor, out);
    }
    std::span<const std::byte> mapped(const TensorInfo& tensor) const override {
        const auto owner = m_owners.find(tensor.name);
        return owner == m_owners.end() ? std::span<const std::byte>{} : owner->second->mapped(tensor);
    }

private:
    std::vector<std::unique_ptr<TensorSource>> m_shards;
    std::vector<TensorInfo> m_tensors;
    std::unordered_map<std::string, TensorSource*> m_owners;
};

/// Tensor names by file, both as the index has them.
using ShardMap = std::map<std::string, std::vector<std::string>>;

Error indexError(ErrorCode code, const fs::path& index, const std::string& text) {
    return Error{code, displayPath(index) + ": " + text + "; get the model again"};
}

Result<ShardMap> readShardMap(const fs::path& index, const Json& json) {
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
        return indexError(codes::kJsonShape, index, "no object weight_map from tensor to file");
    ShardMap shards;
    for (const auto& [tensor, file] : json["weight_map"].items()) {
        if (!file.is_string())
            return indexError(codes::kJsonShape, index,
                              "tensor " + quotedText(tensor) + " is not mapped to a file name");
        const auto& name = file.get_ref<const std::string&>();
        if (!isPlainFileName(name))
            return indexError(codes::kIndexFileName, index,
                              "tensor " + quotedText(tensor) + " names " + quotedText(name) +
                                  ", a file outside the folder");
        shards[name].push_back(tensor);
    }
    if (shards.empty()) return indexError(codes::kIndexShards, index, "weight_map is empty");
    return shards;
}

/// The shard holds exactly the tensors that the index gives it.
Result<void> checkShard(const fs::path& index, const std::string& name,
                        const std::vector<std::string>& mapped, const TensorSource& shard) {
    std::unordered_map<std::string_view, bool> present;
    for (const TensorInfo& tensor : shard.tensors())
        present.emplace(tensor.name, false);
    for (const std::string& tensor : mapped) {
        const auto found = present.find(tensor);
        if (found == present.end())
            return indexError(codes::kIndexShards, index,
                              "tensor " + quotedText(tensor) + " is not in its file " + quotedText(name));
        found->second = true;
    }
    for (const auto& [tensor, isMapped] : present)
        if (!isMapped)
            return indexError(codes::kIndexShards, index,
                              "tensor " + quotedText(tensor) + " of file " + quotedText(name) +
                                  " is not in the index");
    return {};
}

void warnAboutTotal(const fs::path& index, const Json& json, const TensorSource& source) {
    std::uint64_t total = 0;
    for (const TensorInfo& tensor : source.tensors())
        total += tensor.byteSize();
    const auto metadata = json.find("metadata");
    if (metadata == json.end() || !metadata->is_object() || !metadata->contains("total_size")) return;
    const Json& stated = (*metadata)["total_size"];
    if (stated.is_number() && stated.get<double>() == static_cast<double>(total)) return;
    logLine(LogLevel::Warning, "formats",
            displayPath(index) + ": total_size is " + writeJsonLine(stated) + ", the files hold " +
                std::to_string(total) + " bytes of tensors (ST-39)");
}

} // namespace

Result<std::unique_ptr<TensorSource>> openShardedWeights(const fs::path& index, const ShardOpener& open) {
    const auto json = readJsonFile(index);
    if (!json) return json.error();
    const auto shards = readShardMap(index, *json);
    if (!shards) return shards.error();
    auto source = std::make_unique<ShardedSource>();
    std::size_t number = 0;
    for (const auto& [name, mapped] : *shards) {
        ++number;
        auto shard = open(index.parent_path() / fs::path(std::u8string(name.begin(), name.end())));
        if (!shard && shard.error().code == codes::kFileNotFound)
            return indexError(codes::kIndexShards, index,
                              "shard " + std::to_string(number) + " of " + std::to_string(shards->size()) +
                                  " is missing: " + quotedText(name));
        if (!shard) return shard.error();
        if (auto checked = checkShard(index, name, mapped, **shard); !checked) return checked.error();
        if (const std::string twice = source->add(std::move(*shard)); !twice.empty())
            return indexError(codes::kIndexShards, index, "tensor " + quotedText(twice) + " is in two files");
    }
    warnAboutTotal(index, *json, *source);
    return std::unique_ptr<TensorSource>(std::move(source));
}

Result<std::vector<std::string>> shardNames(const fs::path& index) {
    const auto json = readJsonFile(index);
    if (!json) return json.error();
    const auto shards = readShardMap(index, *json);
    if (!shards) return shards.error();
    std::vector<std::string> names;
    for (const auto& [name, mapped] : *shards)
        names.push_back(name);
    return names;
}

bool isPlainFileName(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           name.find_first_of("/\\:") == std::string_view::npos && isPlainText(name);
}

} // namespace llamahome::formats
