#include "download/part_record.h"

#include <array>
#include <span>

#include "core/hash.h"
#include "core/json_field.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr std::uint64_t kMaxRecordBytes = 4U << 20;
constexpr std::array<const char*, 4> kHashNames{"none", "sha256", "git-blob-sha1", "md5"};

std::optional<HashKind> hashKindOf(const std::string& name) {
    for (std::size_t i = 0; i < kHashNames.size(); ++i)
        if (name == kHashNames[i]) return static_cast<HashKind>(i);
    return std::nullopt;
}

/// Nothing where they do not rise: then the record is not one of ours.
std::optional<std::vector<DurablePoint>> pointsIn(const Json& object) {
    std::vector<DurablePoint> points;
    const auto list = object.find("points");
    if (list == object.end() || !list->is_array()) return std::nullopt;
    for (const Json& item : *list) {
        const auto bytes = countField(item, "bytes");
        if (!bytes || *bytes <= (points.empty() ? 0 : points.back().bytes)) return std::nullopt;
        points.push_back({*bytes, stringField(item, "sha256")});
    }
    return points;
}

std::optional<PartRecord> recordIn(const Json& object) {
    if (countField(object, "schema") != kSchema) return std::nullopt;
    const auto kind = hashKindOf(stringField(object, "hash_kind"));
    auto points = pointsIn(object);
    if (!kind || !points) return std::nullopt;
    PartRecord record{stringField(object, "source"), stringField(object, "commit"),
                      stringField(object, "path")};
    record.sizeBytes = countField(object, "size");
    record.hash = {*kind, stringField(object, "hash")};
    record.origin = stringField(object, "origin");
    record.etag = stringField(object, "etag");
    record.points = std::move(*points);
    return record;
}

fs::path freshRecordPath(const fs::path& part) {
    fs::path path = partRecordPath(part);
    path += ".new";
    return path;
}

} // namespace

void PartRecord::addPoint(DurablePoint point, std::uint64_t apartBytes) {
    const std::size_t count = points.size();
    const std::uint64_t before = count > 1 ? points[count - 2].bytes : 0;
    if (count > 0 && points.back().bytes - before < apartBytes) points.pop_back();
    points.push_back(std::move(point));
}

bool PartRecord::isOfSameFile(const PartRecord& other) const {
    if (sizeBytes && other.sizeBytes && *sizeBytes != *other.sizeBytes) return false;
    if (hash.kind != HashKind::None && hash.kind == other.hash.kind) return hash.hex == other.hash.hex;
    return source == other.source && commit == other.commit && path == other.path;
}

std::string partRecordText(const PartRecord& record) {
    Json object{
        {"schema", kSchema}, {"source", record.source}, {"commit", record.commit}, {"path", record.path}};
    if (record.sizeBytes) object["size"] = *record.sizeBytes;
    object["hash_kind"] = kHashNames.at(static_cast<std::size_t>(record.hash.kind));
    object["hash"] = record.hash.hex;
    object["origin"] = record.origin;
    object["etag"] = record.etag;
    object["points"] = Json::array();
    for (const DurablePoint& point : record.points)
        object["points"].push_back({{"bytes", point.bytes}, {"sha256", point.sha256}});
    const std::string line = writeJsonLine(object);
    return line + "\n" + sha256Hex(line) + "\n";
}

std::optional<PartRecord> parsePartRecord(std::string_view text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    if (text.substr(end + 1) != sha256Hex(line) + "\n") return std::nullopt;
    const auto object = parseJson(line, "the record of a download");
    return object ? recordIn(*object) : std::nullopt;
}

fs::path partRecordPath(const fs::path& part) {
    fs::path path = part;
    path += ".json";
    return path;
}

std::optional<PartRecord> readPartRecord(const fs::path& part) {
    const auto text = readFile(partRecordPath(part), kMaxRecordBytes);
    return text ? parsePartRecord(*text) : std::nullopt;
}

// Not by writeFileAtomically(): its name for the temporary holds the process's number, so that nobody would
// find what a killed process left. The folder is not flushed: after a loss of power the old record is as
// good.
Result<void> writePartRecord(FileLayer& files, const fs::path& part, const PartRecord& record) {
    const fs::path fresh = freshRecordPath(part);
    if (auto removed = files.remove(fresh); !removed) return removed;
    auto file = files.createNew(fresh);
    if (!file) return file.error();
    const std::string text = partRecordText(record);
    if (auto written = (*file)->write(std::as_bytes(std::span(text))); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto closed = (*file)->close(); !closed) return closed;
    if (auto renamed = files.rename(fresh, partRecordPath(part)); !renamed) return renamed;
    return files.syncDirectory(part.parent_path());
}

Result<void> removePartRecord(FileLayer& files, const fs::path& part) {
    for (const fs::path& path : {partRecordPath(part), freshRecordPath(part)})
        if (isThere(path))
            if (auto removed = files.remove(path); !removed) return removed;
    return {};
}

} // namespace llamahome::download
