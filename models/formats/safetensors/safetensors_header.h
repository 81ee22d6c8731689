// The JSON header of a safetensors file as entries, checked field by field; no tensor data. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

inline constexpr std::string_view kSafetensorsMetadataKey = "__metadata__";

/// One tensor as the header states it; `dtype` is the file's word, checked to be one of the format's.
struct SafetensorsEntry {
    std::string name;
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0; ///< from the start of the data
    std::uint64_t end = 0;
};

struct SafetensorsHeader {
    std::vector<SafetensorsEntry> entries; ///< in the order of the file
    std::map<std::string, std::string> metadata;
};

/// Parses the header text (its padding included) without building a document: memory stays in proportion to
/// `text`. ST-06 … ST-24, ST-33 and ST-35 of the reference; sizes and places are checked by the layout.
/// `what` names the file in messages.
Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view text, const std::string& what);

/// Bits of one element of any type the format knows; 0: unknown.
unsigned safetensorsBits(std::string_view dtype);

/// ST-35 unless `name` can name a tensor: 1 to 1,024 bytes, no control characters, no way out of a folder.
Result<void> checkTensorName(std::string_view name, const std::string& what);

} // namespace llamahome::formats
