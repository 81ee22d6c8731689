// The weights of a folder in Meta's layout (params.json, consolidated.NN.pth) as one source under Hub names.
// One thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/meta/meta_params.h"
#include "formats/torch/torch_reader.h"

namespace llamahome::formats {

class MetaWeights final : public TensorSource {
public:
    /// Opens every shard and compares them with params.json: PT-37 for shards that are missing or do not fit
    /// each other, META-03 for tensors that are missing, unknown or of another shape. Of a model with a
    /// picture part only the text decoder is read.
    /// Weights of types other than F32, F16 and BF16 are META-03 too. `cancel` as for TorchReader::open().
    static Result<std::unique_ptr<MetaWeights>> open(const std::filesystem::path& folder,
                                                     const CancelToken& cancel = {});

    /// Of the text decoder; the head is tied where the file keeps one matrix for both.
    const ModelConfig& config() const { return m_config; }
    /// What of the files is no part of the text decoder, in words: "8 cross-attention layers". Empty for
    /// models without pictures.
    const std::vector<std::string>& leftOut() const { return m_leftOut; }

    /// Under Hub names in module order.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Joins the shards' parts and turns rows of q and k into the Hub's order. Memory: one shard's part.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: what is read is not what lies in the files.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    MetaWeights() = default;
    Result<void> openShards(const std::filesystem::path& folder, const CancelToken& cancel);
    Result<void> readSizes(const MetaModel& model);
    Result<void> checkTensors(const MetaModel& model);
    Result<void> checkParts(const TensorInfo& wanted) const;
    Result<void> checkUnknown(const TorchReader& shard, bool hasPictures);
    void tellLeftOut(const MetaModel& model);
    Result<const TensorInfo*> part(const TorchReader& shard, std::string_view hubName) const;
    Result<void> joinColumns(const TensorInfo& tensor, std::span<std::byte> out);
    std::string metaName(std::string_view hubName) const;

    std::vector<std::unique_ptr<TorchReader>> m_shards; ///< in the order of their numbers
    std::string m_prefix;                               ///< "text_model." in a model with a picture part
    ModelConfig m_config;
    std::vector<TensorInfo> m_tensors;
    std::vector<std::string> m_leftOut;
};

/// The names of a folder's shards in order: consolidated.00.pth …, or the one consolidated.pth. PT-37 where a
/// number is missing; empty where there is none.
Result<std::vector<std::string>> metaShardNames(const std::filesystem::path& folder);

} // namespace llamahome::formats
