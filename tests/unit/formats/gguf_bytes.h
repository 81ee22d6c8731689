// Builds small GGUF files, right or wrong, for the tests. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "file_bytes.h"

namespace llamahome::testing {

/// "length, bytes" as GGUF stores text.
inline std::string ggufText(std::string_view text) {
    return numberBytes(static_cast<std::uint64_t>(text.size())) + std::string(text);
}

/// Value types of GGUF metadata that the tests write.
enum : std::uint32_t {
    kGgufU8 = 0,
    kGgufU16 = 2,
    kGgufU32 = 4,
    kGgufI32 = 5,
    kGgufF32 = 6,
    kGgufBool = 7,
    kGgufString = 8,
    kGgufArray = 9,
    kGgufU64 = 10
};

struct GgufBytes {
    std::string magic = "GGUF";
    std::uint32_t version = 3;
    std::vector<std::string> pairs;
    std::vector<std::string> tensors;
    std::string data;
    std::size_t alignment = 32;

    /// `value` holds the value's bytes.
    GgufBytes& pair(std::string_view key, std::uint32_t type, const std::string& value) {
        pairs.push_back(ggufText(key) + numberBytes(type) + value);
        return *this;
    }
    GgufBytes& number(std::string_view key, std::uint32_t value) {
        return pair(key, kGgufU32, numberBytes(value));
    }
    GgufBytes& text(std::string_view key, std::string_view value) {
        return pair(key, kGgufString, ggufText(value));
    }
    GgufBytes& texts(std::string_view key, const std::vector<std::string>& values) {
        std::string bytes =
            numberBytes(std::uint32_t{kGgufString}) + numberBytes(std::uint64_t{values.size()});
        for (const std::string& value : values)
            bytes += ggufText(value);
        return pair(key, kGgufArray, bytes);
    }
    GgufBytes& wholes(std::string_view key, const std::vector<std::int32_t>& values) {
        std::string bytes = numberBytes(std::uint32_t{kGgufI32}) + numberBytes(std::uint64_t{values.size()});
        for (const std::int32_t value : values)
            bytes += numberBytes(value);
        return pair(key, kGgufArray, bytes);
    }
    /// `sizes` innermost first, as in the file.
    GgufBytes& tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                      std::uint64_t offset) {
        std::string bytes = ggufText(name) + numberBytes(static_cast<std::uint32_t>(sizes.size()));
        for (const std::uint64_t size : sizes)
            bytes += numberBytes(size);
        tensors.push_back(bytes + numberBytes(type) + numberBytes(offset));
        return *this;
    }
    GgufBytes& zeros(std::size_t count) {
        data.append(count, '\0');
        return *this;
    }

    std::string bytes() const {
        std::string file = magic + numberBytes(version) +
                           numberBytes(static_cast<std::int64_t>(tensors.size())) +
                           numberBytes(static_cast<std::int64_t>(pairs.size()));
        for (const std::string& pair : pairs)
            file += pair;
        for (const std::string& tensor : tensors)
            file += tensor;
        file.append((alignment - file.size() % alignment) % alignment, '\0');
        return file + data;
    }
};

} // namespace llamahome::testing
