#include "formats/zip/zip_end.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "formats/checked_math.h"
#include "formats/zip/zip_directory.h"
#include "formats/zip/zip_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054B50;
constexpr std::uint32_t kLocatorSignature = 0x07064B50;
constexpr std::uint32_t kWideEndSignature = 0x06064B50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kWideEndBytes = 56;
constexpr std::uint64_t kWideEndHeadBytes = 12; ///< not counted by the record's own size
constexpr std::uint64_t kMaxCommentBytes = 0xFFFF;
constexpr std::uint64_t kMaxEntries = 1'000'000;

/// The end record and, once a zip64 record was read, its wider values.
struct Records {
    std::uint64_t begin = 0; ///< where the first of the end records is
    std::uint64_t disk = 0;
    std::uint64_t directoryDisk = 0;
    std::uint64_t entriesHere = 0;
    ZipEnd end;
};

Result<Records> readEnd(const InputFile& file) {
    std::vector<std::byte> tail(
        static_cast<std::size_t>(std::min(file.size(), kMaxCommentBytes + kEndBytes)));
    const std::uint64_t tailOffset = file.size() - tail.size();
    if (auto read = file.readAt(tailOffset, tail); !read) return read.error();
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at + kEndBytes <= tail.size(); ++at) {
        const auto record = std::span(tail).subspan(at);
        if (zipNumber<std::uint32_t>(record, 0) != kEndSignature) continue;
        if (kEndBytes + zipNumber<std::uint16_t>(record, 20) != record.size()) continue;
        if (found)
            return zipDamaged(file, "two end records, at bytes " + std::to_string(tailOffset + *found) +
                                        " and " + std::to_string(tailOffset + at) + ", expected one");
        found = at;
    }
    if (!found)
        return zipDamaged(file, "no end record in the last " + std::to_string(tail.size()) +
                                    " bytes: no ZIP archive, cut short, or with bytes behind it");
    const auto record = std::span(tail).subspan(*found);
    return Records{.begin = tailOffset + *found,
                   .disk = zipNumber<std::uint16_t>(record, 4),
                   .directoryDisk = zipNumber<std::uint16_t>(record, 6),
                   .entriesHere = zipNumber<std::uint16_t>(record, 8),
                   .end = {.directoryOffset = zipNumber<std::uint32_t>(record, 16),
                           .directoryBytes = zipNumber<std::uint32_t>(record, 12),
                           .entryCount = zipNumber<std::uint16_t>(record, 10)}};
}

/// Where the locator before the end record says that the zip64 record is; nothing where there is no locator.
Result<std::optional<std::uint64_t>> locateWideEnd(const InputFile& file, std::uint64_t endOffset) {
    if (endOffset < kLocatorBytes) return std::optional<std::uint64_t>();
    std::array<std::byte, kLocatorBytes> locator{};
    if (auto read = file.readAt(endOffset - kLocatorBytes, locator); !read) return read.error();
    if (zipNumber<std::uint32_t>(locator, 0) != kLocatorSignature) return std::optional<std::uint64_t>();
    if (zipNumber<std::uint32_t>(locator, 4) != 0 || zipNumber<std::uint32_t>(locator, 16) > 1)
        return zipUnsupported(file, "one part of an archive in several, expected a whole one");
    return std::optional(zipNumber<std::uint64_t>(locator, 8));
}

/// Whether a value of the end record is its mark for "see the zip64 record", or the same as there.
bool agrees(std::uint64_t narrow, std::uint64_t mark, std::uint64_t wide) {
    return narrow == mark || narrow == wide;
}

bool agree(const Records& narrow, const Records& wide) {
    constexpr std::uint64_t kShortMark = 0xFFFF;
    return agrees(narrow.disk, kShortMark, wide.disk) &&
           agrees(narrow.directoryDisk, kShortMark, wide.directoryDisk) &&
           agrees(narrow.entriesHere, kShortMark, wide.entriesHere) &&
           agrees(narrow.end.entryCount, kShortMark, wide.end.entryCount) &&
           agrees(narrow.end.directoryBytes, kZip64Mark, wide.end.directoryBytes) &&
           agrees(narrow.end.directoryOffset, kZip64Mark, wide.end.directoryOffset);
}

/// Replaces the values by those of the zip64 record at `offset`, which must end where its locator begins.
Result<void> readWideEnd(const InputFile& file, std::uint64_t offset, Records& records) {
    const std::uint64_t limit = records.begin - kLocatorBytes;
    std::array<std::byte, kWideEndBytes> record{};
    const auto recordEnd = checkedAdd(offset, kWideEndBytes);
    if (!recordEnd || *recordEnd > limit)
        return zipDamaged(file, "a zip64 end record at byte " + std::to_string(offset) +
                                    ", expected it before byte " + std::to_string(limit));
    if (auto read = file.readAt(offset, record); !read) return read;
    const auto counted = zipNumber<std::uint64_t>(record, 4);
    if (zipNumber<std::uint32_t>(record, 0) != kWideEndSignature ||
        counted != limit - offset - kWideEndHeadBytes)
        return zipDamaged(file, "no zip64 end record of " + std::to_string(limit - offset) +
                                    " bytes at byte " + std::to_string(offset) +
                                    ", where its locator says it is");
    const Records wide{.begin = offset,
                       .disk = zipNumber<std::uint32_t>(record, 16),
                       .directoryDisk = zipNumber<std::uint32_t>(record, 20),
                       .entriesHere = zipNumber<std::uint64_t>(record, 24),
                       .end = {.directoryOffset = zipNumber<std::uint64_t>(record, 48),
                               .directoryBytes = zipNumber<std::uint64_t>(record, 40),
                               .entryCount = zipNumber<std::uint64_t>(record, 32)}};
    if (!agree(records, wide))
        return zipDamaged(file, "the end record and the zip64 end record contradict each other");
    records = wide;
    return {};
}

Result<void> checkEnd(const InputFile& file, const Records& records) {
    const ZipEnd& end = records.end;
    if (records.disk != 0 || records.directoryDisk != 0 || records.entriesHere != end.entryCount)
        return zipUnsupported(file, "one part of an archive in several, expected a whole one");
    const auto directoryEnd = checkedAdd(end.directoryOffset, end.directoryBytes);
    if (!directoryEnd || *directoryEnd != records.begin)
        return zipDamaged(file, "a central directory of " + std::to_string(end.directoryBytes) +
                                    " bytes at byte " + std::to_string(end.directoryOffset) +
                                    ", expected it to end at byte " + std::to_string(records.begin));
    if (end.entryCount > end.directoryBytes / kZipDirectoryEntryBytes)
        return zipDamaged(file, std::to_string(end.entryCount) + " members in a central directory of " +
                                    std::to_string(end.directoryBytes) + " bytes, which cannot hold them");
    if (end.entryCount > kMaxEntries)
        return zipUnsupported(file, std::to_string(end.entryCount) + " members, at most " +
                                        std::to_string(kMaxEntries) + " are read");
    return {};
}

} // namespace

Result<ZipEnd> findZipEnd(const InputFile& file) {
    auto records = readEnd(file);
    if (!records) return records.error();
    const auto wideOffset = locateWideEnd(file, records->begin);
    if (!wideOffset) return wideOffset.error();
    if (*wideOffset)
        if (auto read = readWideEnd(file, **wideOffset, *records); !read) return read.error();
    if (auto checked = checkEnd(file, *records); !checked) return checked.error();
    return records->end;
}

} // namespace llamahome::formats
