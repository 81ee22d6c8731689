// Writes one safetensors file beside its final name and renames it when it is whole. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "formats/pending_file.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// The order in which the reference library stores tensors: by type as it ranks them (wide ones first, so
/// that every tensor is aligned), then by name.
std::vector<TensorInfo> safetensorsOrder(std::vector<TensorInfo> plan);

class SafetensorsWriter final : public TensorSink {
public:
    /// Begins a file with exactly the tensors of `plan`, in that order; "metadata first, padded to 8" as the
    /// reference writes its header. ST-50 for a plan with a name twice or a size that overflows, ST-35 for a
    /// bad name. `files` outlives the writer. The file is a PendingFile.
    static Result<std::unique_ptr<SafetensorsWriter>> create(FileLayer& files,
                                                             const std::filesystem::path& path,
                                                             std::vector<TensorInfo> plan,
                                                             std::map<std::string, std::string> metadata);

    /// ST-50 when `tensor` is not the next of the plan or `bytes` not its size.
    Result<void> write(const TensorInfo& tensor, std::span<const std::byte> bytes) override;
    /// ST-50 while planned tensors are missing.
    Result<void> finish() override;

private:
    SafetensorsWriter(std::unique_ptr<PendingFile> file, std::vector<TensorInfo> plan)
        : m_file(std::move(file))
        , m_plan(std::move(plan)) {}
    std::string shownPath() const { return displayPath(m_file->path()); }

    std::unique_ptr<PendingFile> m_file;
    std::vector<TensorInfo> m_plan;
    std::size_t m_next = 0;
};

} // namespace llamahome::formats
