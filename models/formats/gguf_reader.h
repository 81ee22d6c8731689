// Reads a GGUF file: metadata, and tensors unpacked to fp32. One thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "formats/gguf_header.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class GgufReader final : public TensorSource {
public:
    /// Opens and checks the head (GG-01 … GG-15; IM-n for what only bears the name).
    static Result<std::unique_ptr<GgufReader>> open(const std::filesystem::path& path);

    /// Under GGUF names in the order of the file; every one is F32 here, whatever its packing.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Unpacks block by block with a buffer of fixed size.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: the bytes of the file are packed.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

    /// How the tensor is packed in the file.
    const BlockType& packing(const TensorInfo& tensor) const;
    const GgufMetadata& metadata() const { return m_header.metadata; }
    const std::string& shownPath() const { return m_file->shownPath(); }

private:
    GgufReader(std::unique_ptr<InputFile> file, GgufHeader header);

    std::unique_ptr<InputFile> m_file;
    GgufHeader m_header;
    std::vector<TensorInfo> m_tensors;
    std::unordered_map<std::string_view, const GgufTensor*> m_places;
};

} // namespace llamahome::formats
