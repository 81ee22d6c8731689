// Helpers of the format tests: make, read and compare small files byte by byte. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensor.h"

namespace llamahome::testing {

/// Replaces the file; removed first, because some file systems flush one that is cut to nothing and
/// rewritten.
inline void writeBytes(const std::filesystem::path& path, std::string_view bytes) {
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string readBytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The little-endian bytes of a number.
template <typename T>
std::string numberBytes(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A safetensors file with that header, as it is, and `dataBytes` zeros.
inline std::string safetensorsBytes(std::string_view header, std::size_t dataBytes) {
    return numberBytes(static_cast<std::uint64_t>(header.size())) + std::string(header) +
           std::string(dataBytes, '\0');
}

inline std::filesystem::path fixture(std::string_view name) {
    return std::filesystem::path(LLAMAHOME_TEST_DATA) / "formats" / name;
}

/// The tensor's bytes, or the error's message where it cannot be read.
inline std::string tensorBytes(formats::TensorSource& source, const formats::TensorInfo& tensor) {
    std::string bytes(tensor.byteSize(), '\0');
    const auto read = source.read(tensor, std::as_writable_bytes(std::span(bytes)));
    return read ? bytes : read.error().message;
}

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace llamahome::testing
