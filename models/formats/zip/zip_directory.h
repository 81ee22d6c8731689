// The central directory of a ZIP archive: its members, each checked before it is handed out. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::formats {

inline constexpr std::uint64_t kZipDirectoryEntryBytes = 46; ///< without name, extra fields and comment

enum class ZipMethod { Stored, Deflate };

/// One member as the central directory has it. A folder's name ends in "/".
struct ZipEntry {
    std::string name = {}; ///< relative, with "/", without ".."; its bytes as they are in the file
    ZipMethod method = ZipMethod::Stored;
    std::uint64_t compressedBytes = 0;
    std::uint64_t sizeBytes = 0; ///< what the archive claims; the same as compressedBytes where stored
    std::uint32_t crc32 = 0;     ///< of the unpacked bytes
    std::uint64_t localHeaderOffset = 0;
};

struct ZipDirectory {
    std::vector<ZipEntry> entries = {};     ///< in the directory's order
    std::vector<std::uint32_t> byName = {}; ///< indices into entries, by rising name; no name twice
    std::uint64_t offset = 0;               ///< where the directory begins; every member ends before it
};

/// Reads and checks the whole directory. ZIP-01 for damage, members that run into each other or into the
/// directory among it; ZIP-02, naming the member, for encryption, several parts, methods other than stored
/// and deflate, a name twice, and names that are absolute or hold "..", a backslash or a zero byte.
Result<ZipDirectory> readZipDirectory(const InputFile& file);

} // namespace llamahome::formats
