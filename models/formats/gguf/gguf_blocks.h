// The table of GGUF's block types: how floats are packed and unpacked. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace llamahome::formats {

/// One way of packing. `decode` turns `count` whole blocks into count * blockElements floats, each step
/// rounded to fp32 as ggml's reference does it (ggml-quants.c, dequantize_row_*). `encode` packs as many
/// floats into `count` blocks; false where a value or a scale is not finite in the type. Null for a type that
/// is not written.
struct BlockType {
    std::uint32_t id;
    std::string_view name;
    std::uint32_t blockElements;
    std::uint32_t blockBytes;
    void (*decode)(const std::byte* blocks, std::size_t count, float* out);
    bool (*encode)(const float* values, std::size_t count, std::byte* out);
};

/// The row of that type, or null for a type that cannot be decoded.
const BlockType* findBlockType(std::uint32_t id);

/// "Q4_K" for a known type, decodable or not, else "type 77".
std::string blockTypeName(std::uint32_t id);

/// The names of all decodable types, for messages.
std::string decodableTypes();

} // namespace llamahome::formats
