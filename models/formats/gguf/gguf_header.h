// The head of a GGUF file: its metadata and where its tensors lie, every number checked. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "formats/gguf/gguf_blocks.h"
#include "formats/input_file.h"

namespace llamahome::formats {

/// A metadata value. Whole numbers of every width are widened; arrays of truth values are arrays of 0 and 1.
/// f32 stays float, so that its shortest decimal form can be found again.
using GgufValue = std::variant<std::uint64_t, std::int64_t, float, double, bool, std::string,
                               std::vector<std::string>, std::vector<std::int64_t>, std::vector<double>>;
using GgufMetadata = std::map<std::string, GgufValue, std::less<>>;

struct GgufTensor {
    std::string name;
    std::vector<std::int64_t> shape; ///< outermost first, the reverse of the file's order
    const BlockType* type = nullptr;
    std::uint64_t offset = 0; ///< in the file
    std::uint64_t bytes = 0;
};

struct GgufHeader {
    std::uint32_t version = 0;
    GgufMetadata metadata;
    std::vector<GgufTensor> tensors; ///< in the order of the file
};

/// Parses versions 2 and 3 (GG-01 … GG-15). Nothing is allocated for a number that the bytes left do not
/// back, and arrays have 8 million elements at most, all together; tensors of a type that cannot be decoded
/// are refused by the type's name.
Result<GgufHeader> parseGgufHeader(const InputFile& file);

} // namespace llamahome::formats
