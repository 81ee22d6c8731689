// Reads a GGUF file, whole or in parts: metadata, and tensors unpacked to fp32. One thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "formats/gguf/gguf_parts.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class GgufReader final : public TensorSource {
public:
    /// Opens and checks the head, of all parts where `path` is any part of a divided file. Errors are those
    /// of openGgufParts().
    static Result<std::unique_ptr<GgufReader>> open(const std::filesystem::path& path);

    /// Under GGUF names in the order of the parts and in them of the file; every one is F32 here, whatever
    /// its packing.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Unpacks block by block with a buffer of fixed size.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: the bytes of the file are packed.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

    /// How the tensor is packed in the file.
    const BlockType& packing(const TensorInfo& tensor) const;
    const GgufMetadata& metadata() const { return m_parts.front().header.metadata; }
    /// Of the first part.
    const std::string& shownPath() const { return m_parts.front().file->shownPath(); }
    /// GG-18 naming the file: the tensors are not those of a Llama.
    Error tensorsError(const std::string& text) const;
    /// The files that are read, the first part first.
    std::vector<std::filesystem::path> files() const;

private:
    /// Where a tensor lies.
    struct Place {
        const InputFile* file;
        const GgufTensor* tensor;
    };
    explicit GgufReader(std::vector<GgufPart> parts);

    std::vector<GgufPart> m_parts;
    std::vector<TensorInfo> m_tensors;
    std::unordered_map<std::string_view, Place> m_places;
};

} // namespace llamahome::formats
