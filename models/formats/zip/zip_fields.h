// What the parts of the ZIP reader share: numbers in records, the zip64 extra field, errors. Any thread.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>

#include "core/error_codes.h"
#include "formats/input_file.h"

namespace llamahome::formats {

static_assert(std::endian::native == std::endian::little, "numbers are used as they are in the file");

/// Stands in a record's 32-bit field for "see the zip64 extra field".
inline constexpr std::uint32_t kZip64Mark = 0xFFFFFFFF;

inline constexpr std::uint64_t kZipLocalHeaderBytes = 30; ///< without name and extra fields
inline constexpr std::uint16_t kZipMethodStored = 0;
inline constexpr std::uint16_t kZipMethodDeflate = 8;
inline constexpr std::uint16_t kZipFlagDescriptor = 1U << 3;
/// Bits 0, 6 and 13: encrypted, strongly encrypted, header values masked.
inline constexpr std::uint16_t kZipFlagsEncrypted = 1U << 0 | 1U << 6 | 1U << 13;

/// The little-endian number at byte `at`, which lies in `bytes` whole.
template <typename T>
T zipNumber(std::span<const std::byte> bytes, std::size_t at) {
    assert(at + sizeof(T) <= bytes.size());
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
}

/// Fills those of `fields` that hold kZip64Mark from the zip64 extra field (0x0001) in `extra`, in the order
/// of the format. What is wrong with the extra fields, in words; empty where nothing is.
std::string expandZip64(std::span<const std::byte> extra, std::initializer_list<std::uint64_t*> fields);

/// ZIP-01, "FILE: text; get the file again".
Error zipDamaged(const InputFile& file, const std::string& text);
/// ZIP-02, "FILE: text; get it packed as one ordinary ZIP file".
Error zipUnsupported(const InputFile& file, const std::string& text);

} // namespace llamahome::formats
