// The weights of a Hub model that torch.save() wrote (pytorch_model.bin, one file or shards). One thread at a
// time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "formats/hub/model_config.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class PickledWeights final : public TensorSource {
public:
    /// Opens pytorch_model.bin, else the shards of its index, as TorchReader does: nothing that they name is
    /// called. ST-37, ST-38 for the index, ST-41, ST-42 where the tensors are not those of `config`, PT-14
    /// for weights of types other than F32, F16 and BF16, FILE-01 when neither file is there.
    static Result<std::unique_ptr<PickledWeights>>
    open(const std::filesystem::path& folder, const ModelConfig& config, const CancelToken& cancel = {});

    /// Those of `config` in module order, so no stored rotary frequencies, and no head beside a tied
    /// embedding.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: what was not proved is not mapped.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    explicit PickledWeights(std::unique_ptr<TensorSource> files)
        : m_files(std::move(files)) {}

    std::unique_ptr<TensorSource> m_files;
    std::vector<TensorInfo> m_tensors;
};

/// The names of the files that hold the weights, the index included; empty where the folder has none.
Result<std::vector<std::string>> pickledFileNames(const std::filesystem::path& folder);

} // namespace llamahome::formats
