// Reads one safetensors file, checked whole before the first tensor is handed out. One thread at a time.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "formats/input_file.h"
#include "formats/safetensors/safetensors_layout.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class SafetensorsReader final : public TensorSource {
public:
    /// Opens and checks the file by every rule of the format (ST-01 … ST-36; IM-n for what only bears the
    /// name). A local file is mapped read-only, one on another machine is only read.
    static Result<std::unique_ptr<SafetensorsReader>> open(const std::filesystem::path& path);

    /// In the order of the data.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Positioned reads. ST-40 when the file was changed since it was opened.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Empty once the file was seen to change; read() then says so.
    std::span<const std::byte> mapped(const TensorInfo& tensor) const override;

    /// The texts of `__metadata__`.
    const std::map<std::string, std::string>& metadata() const { return m_metadata; }

private:
    SafetensorsReader(std::unique_ptr<InputFile> file, std::uint64_t dataStart,
                      std::vector<PlacedTensor> placed, std::map<std::string, std::string> metadata);

    std::unique_ptr<InputFile> m_file;
    std::vector<TensorInfo> m_tensors;
    std::unordered_map<std::string, std::uint64_t> m_places; ///< name → offset in the file
    std::map<std::string, std::string> m_metadata;
    std::span<const std::byte> m_map;
};

} // namespace llamahome::formats
