// What is written beside a partial file, so that another run knows what it is and how far it can be trusted.
// Values; files on the calling thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "download/remote_set.h"

namespace llamahome::download {

/// Up to here the bytes were flushed, and their SHA-256 was this.
struct DurablePoint {
    std::uint64_t bytes = 0;
    std::string sha256;

    friend bool operator==(const DurablePoint&, const DurablePoint&) = default;
};

struct PartRecord {
    std::string source; ///< as in RemoteSet
    std::string commit;
    std::string path;
    std::optional<std::uint64_t> sizeBytes = {};
    ExpectedHash hash = {};
    std::string origin = {};               ///< the host that sent the bytes: "https://cdn.example"
    std::string etag = {};                 ///< its strong ETag, with quotes; empty: none
    std::vector<DurablePoint> points = {}; ///< ascending

    /// Remembers a point; of older ones those stay that are `apartBytes` from one another.
    void addPoint(DurablePoint point, std::uint64_t apartBytes);
    /// Whether a partial file described by this belongs to what `other` describes: the same promised hash, or
    /// where none was promised the same file of the same commit. The size must not contradict.
    bool isOfSameFile(const PartRecord& other) const;
};

/// Two lines: the record as JSON, and the SHA-256 of that line.
std::string partRecordText(const PartRecord& record);
/// Nothing where the text is cut, changed, of another schema or no record at all.
std::optional<PartRecord> parsePartRecord(std::string_view text);

/// "<part>.json".
std::filesystem::path partRecordPath(const std::filesystem::path& part);
/// Nothing where there is none that can be read: the partial file then has to prove itself.
std::optional<PartRecord> readPartRecord(const std::filesystem::path& part);
/// Replaces the old one atomically and durably, and with it the partial file's name; errors of the file
/// layer. For who holds the partial file's lock.
Result<void> writePartRecord(FileLayer& files, const std::filesystem::path& part, const PartRecord& record);
/// The record and what a killed writer left of one.
Result<void> removePartRecord(FileLayer& files, const std::filesystem::path& part);

} // namespace llamahome::download
