// The records at the end of a ZIP archive, which say where its central directory is. Any thread.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::formats {

/// Where the central directory lies: inside the file, and ending where the end records begin.
struct ZipEnd {
    std::uint64_t directoryOffset = 0;
    std::uint64_t directoryBytes = 0;
    std::uint64_t entryCount = 0; ///< not more than directoryBytes can hold
};

/// Looks for the end record in the last 64 KiB + 22 bytes and for the zip64 records before it (APPNOTE 4.3.14
/// to 4.3.16). ZIP-01 where there is none or more than one, or where they contradict each other or the file;
/// ZIP-02 for an archive in several parts or with more than a million members.
Result<ZipEnd> findZipEnd(const InputFile& file);

} // namespace llamahome::formats
