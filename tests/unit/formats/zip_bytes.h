// ZIP archives made byte by byte, so that a test can lie in any field. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_bytes.h"

namespace llamahome::testing {

/// The CRC-32 of ZIP, a bit at a time.
inline std::uint32_t crcOf(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/// One member, honest as the two functions below make it. A local field without a value is the directory's.
struct ZipMember {
    std::string name;
    std::string packed;
    std::uint32_t crc = 0;
    std::uint32_t sizeBytes = 0;
    std::uint32_t packedBytes = 0;
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
    std::uint16_t disk = 0;
    std::string extra = {};
    std::optional<std::uint32_t> offset = {};
    std::optional<std::string> localName = {};
    std::optional<std::uint16_t> localFlags = {};
    std::optional<std::uint16_t> localMethod = {};
    std::optional<std::uint32_t> localSizeBytes = {};
    std::optional<std::uint32_t> localPackedBytes = {};
    std::optional<std::uint32_t> localCrc = {};
    std::string localExtra = {};
};

inline ZipMember storedMember(const std::string& name, const std::string& text) {
    const auto bytes = static_cast<std::uint32_t>(text.size());
    return {.name = name, .packed = text, .crc = crcOf(text), .sizeBytes = bytes, .packedBytes = bytes};
}

/// As deflate data of one block that is not compressed; at most 65535 bytes.
inline ZipMember deflatedMember(const std::string& name, const std::string& text) {
    const auto bytes = static_cast<std::uint16_t>(text.size());
    const std::string packed =
        "\x01" + numberBytes(bytes) + numberBytes(static_cast<std::uint16_t>(~bytes)) + text;
    return {.name = name,
            .packed = packed,
            .crc = crcOf(text),
            .sizeBytes = bytes,
            .packedBytes = static_cast<std::uint32_t>(packed.size()),
            .method = 8};
}

/// The end record; an archive's honest one is made by ZipBytes.
struct ZipEndFields {
    std::uint16_t disk = 0;
    std::uint16_t directoryDisk = 0;
    std::uint16_t countHere = 0;
    std::uint16_t count = 0;
    std::uint32_t directoryBytes = 0;
    std::uint32_t directoryOffset = 0;
    std::string comment = {};

    std::string bytes() const {
        return "PK\x05\x06" + numberBytes(disk) + numberBytes(directoryDisk) + numberBytes(countHere) +
               numberBytes(count) + numberBytes(directoryBytes) + numberBytes(directoryOffset) +
               numberBytes(static_cast<std::uint16_t>(comment.size())) + comment;
    }
};

/// The zip64 end record and its locator.
struct ZipWideEndFields {
    std::uint64_t counted = 44; ///< bytes of the record after this field
    std::uint32_t disk = 0;
    std::uint32_t directoryDisk = 0;
    std::uint64_t countHere = 0;
    std::uint64_t count = 0;
    std::uint64_t directoryBytes = 0;
    std::uint64_t directoryOffset = 0;
    std::uint32_t locatorDisk = 0;
    std::uint64_t offset = 0; ///< of the record, as the locator has it
    std::uint32_t disks = 1;

    std::string bytes() const {
        return "PK\x06\x06" + numberBytes(counted) + numberBytes(std::uint16_t{45}) +
               numberBytes(std::uint16_t{45}) + numberBytes(disk) + numberBytes(directoryDisk) +
               numberBytes(countHere) + numberBytes(count) + numberBytes(directoryBytes) +
               numberBytes(directoryOffset) + "PK\x06\x07" + numberBytes(locatorDisk) + numberBytes(offset) +
               numberBytes(disks);
    }
};

/// Members, directory and end of an archive that begins at byte `base` of its file.
class ZipBytes {
public:
    explicit ZipBytes(const std::vector<ZipMember>& archived, std::uint64_t base = 0) {
        for (const ZipMember& member : archived) {
            const auto place = static_cast<std::uint32_t>(base + members.size());
            members += localHeader(member) + member.packed;
            directory += directoryEntry(member, member.offset.value_or(place));
        }
        const auto count = static_cast<std::uint16_t>(archived.size());
        wideEnd = {.countHere = count,
                   .count = count,
                   .directoryBytes = directory.size(),
                   .directoryOffset = base + members.size(),
                   .offset = base + members.size() + directory.size()};
        end = {.countHere = count,
               .count = count,
               .directoryBytes = static_cast<std::uint32_t>(directory.size()),
               .directoryOffset = static_cast<std::uint32_t>(base + members.size())};
    }

    std::string bytes() const { return members + directory + end.bytes(); }
    std::string wideBytes() const { return members + directory + wideEnd.bytes() + end.bytes(); }

    std::string members;
    std::string directory;
    ZipEndFields end;
    ZipWideEndFields wideEnd;

private:
    static constexpr std::uint16_t kVersion = 20;

    static std::string localHeader(const ZipMember& m) {
        const std::string name = m.localName.value_or(m.name);
        return "PK\x03\x04" + numberBytes(kVersion) + numberBytes(m.localFlags.value_or(m.flags)) +
               numberBytes(m.localMethod.value_or(m.method)) + numberBytes(std::uint32_t{0}) +
               numberBytes(m.localCrc.value_or(m.crc)) +
               numberBytes(m.localPackedBytes.value_or(m.packedBytes)) +
               numberBytes(m.localSizeBytes.value_or(m.sizeBytes)) +
               numberBytes(static_cast<std::uint16_t>(name.size())) +
               numberBytes(static_cast<std::uint16_t>(m.localExtra.size())) + name + m.localExtra;
    }
    static std::string directoryEntry(const ZipMember& m, std::uint32_t place) {
        return "PK\x01\x02" + numberBytes(kVersion) + numberBytes(kVersion) + numberBytes(m.flags) +
               numberBytes(m.method) + numberBytes(std::uint32_t{0}) + numberBytes(m.crc) +
               numberBytes(m.packedBytes) + numberBytes(m.sizeBytes) +
               numberBytes(static_cast<std::uint16_t>(m.name.size())) +
               numberBytes(static_cast<std::uint16_t>(m.extra.size())) + numberBytes(std::uint16_t{0}) +
               numberBytes(m.disk) + numberBytes(std::uint16_t{0}) + numberBytes(std::uint32_t{0}) +
               numberBytes(place) + m.name + m.extra;
    }
};

/// An extra field of that kind.
inline std::string extraField(std::uint16_t kind, const std::string& content) {
    return numberBytes(kind) + numberBytes(static_cast<std::uint16_t>(content.size())) + content;
}

} // namespace llamahome::testing
