// Writes a GGUF file beside its final name and renames it when it is whole. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "formats/gguf/gguf_packing.h"
#include "formats/gguf/gguf_pairs.h"
#include "formats/pending_file.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// A tensor under its GGUF name, and how it is packed. `type` has an encoder.
struct GgufPlanned {
    std::string name;
    std::vector<std::int64_t> shape; ///< outermost first
    const BlockType* type = nullptr;

    /// As the writer takes it: F32, whatever its packing.
    TensorInfo info() const { return {name, DType::F32, shape}; }
};

/// The exact size of the file with these pairs and tensors, or why there can be none: GG-10 a tensor name
/// that is too long or there twice, GG-11 a shape, GG-12 rows that are not whole blocks, GG-05 and GG-06 as
/// GgufPairs reports them.
Result<std::uint64_t> ggufFileBytes(const GgufPairs& pairs, const std::vector<GgufPlanned>& plan);

/// Version 3, little-endian, aligned to 32 bytes, tensors in the order of the plan.
class GgufWriter final : public TensorSink {
public:
    /// Errors are those of ggufFileBytes() and of PendingFile. `files` outlives the writer; `parallel` packs.
    static Result<std::unique_ptr<GgufWriter>> create(FileLayer& files, const std::filesystem::path& path,
                                                      const GgufPairs& pairs, std::vector<GgufPlanned> plan,
                                                      ParallelFor parallel = {});

    /// `bytes` are fp32 elements of the next planned tensor's info(), which are packed in slices of fixed
    /// size. ST-50 for another tensor or size, EXP-03 for values that are not finite in its type.
    Result<void> write(const TensorInfo& tensor, std::span<const std::byte> bytes) override;
    /// ST-50 while planned tensors are missing.
    Result<void> finish() override;

private:
    GgufWriter(std::unique_ptr<PendingFile> file, std::vector<GgufPlanned> plan, ParallelFor parallel)
        : m_file(std::move(file))
        , m_plan(std::move(plan))
        , m_parallel(std::move(parallel)) {}
    std::string shownPath() const { return displayPath(m_file->path()); }

    std::unique_ptr<PendingFile> m_file;
    std::vector<GgufPlanned> m_plan;
    ParallelFor m_parallel;
    std::size_t m_next = 0;
    std::vector<float> m_values;
    std::vector<std::byte> m_packed;
};

} // namespace llamahome::formats
