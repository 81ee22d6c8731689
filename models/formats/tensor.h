// Named tensors on their way between files: TensorSource, TensorSink and what describes a tensor. Any thread.
//
// Every format is a source or a sink; import, merge, export and verify are pipelines of one tensor at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

class QuantisedWeights;

enum class DType { Bool, U8, I8, I16, U16, F16, BF16, I32, U32, F32, I64, U64, F64 };

/// Bytes of one element.
std::size_t elementBytes(DType type);
/// The safetensors name: "BF16".
std::string_view dtypeName(DType type);
/// The type of a safetensors name; nothing where it is unknown.
std::optional<DType> dtypeFromName(std::string_view name);

struct TensorInfo {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape; ///< row-major, outermost first; empty is one element

    std::uint64_t elementCount() const; ///< product of shape; the reader has checked it for overflow
    std::uint64_t byteSize() const;
};

/// "[576, 1536]" for messages.
std::string shapeText(const std::vector<std::int64_t>& shape);

/// Reads named tensors. One thread at a time.
class TensorSource {
public:
    virtual ~TensorSource() = default;
    /// All tensors, in the source's order; names are unique.
    virtual const std::vector<TensorInfo>& tensors() const = 0;
    /// Copies the tensor's little-endian elements to `out`, which has exactly its byteSize().
    virtual Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) = 0;
    /// The tensor's bytes in mapped memory, valid as long as the source; empty where there is no map
    /// or the bytes are not aligned to the element.
    virtual std::span<const std::byte> mapped(const TensorInfo& tensor) const = 0;
    /// This source where matrices of it are stored quantised, which is how the engine takes them; else null.
    virtual QuantisedWeights* quantised() { return nullptr; }

    /// The tensor of that name, or null. The first call sorts the names.
    const TensorInfo* find(std::string_view name) const;

private:
    mutable std::vector<std::size_t> m_byName; ///< indices into tensors(); empty until the first find()
};

/// Writes named tensors, one at a time, in the order of the plan given when it was made.
class TensorSink {
public:
    virtual ~TensorSink() = default;
    /// `bytes` are the little-endian elements of the next planned tensor, which must be `tensor`.
    virtual Result<void> write(const TensorInfo& tensor, std::span<const std::byte> bytes) = 0;
    /// Flushes and makes the file visible under its final name. Without it nothing is visible.
    virtual Result<void> finish() = 0;
};

} // namespace llamahome::formats
