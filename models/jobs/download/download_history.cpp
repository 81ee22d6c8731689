#include "jobs/download/download_history.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/json_field.h"
#include "jobs/download/download_place.h"
#include "jobs/download/meta_model.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxListBytes = 4U << 20;

constexpr std::array<std::pair<DownloadSource, std::string_view>, 3> kSources{{
    {DownloadSource::Hub, "hub"},
    {DownloadSource::Meta, "meta"},
    {DownloadSource::Mirror, "mirror"},
}};
constexpr std::array<std::pair<DownloadFate, std::string_view>, 3> kFates{{
    {DownloadFate::Unfinished, "unfinished"},
    {DownloadFate::Done, "done"},
    {DownloadFate::Failed, "failed"},
}};

template <typename Table, typename Value>
std::string wordOf(const Table& table, Value value) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == value; });
    return std::string(found->second);
}

template <typename Value, typename Table>
Value valueOf(const Table& table, const std::string& word) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.second == word; });
    return found == table.end() ? table.front().first : found->first;
}

fs::path listFile(const DataRoot& root) {
    return root.path / "data" / "downloads.json";
}

KeptDownload parsed(const Json& json) {
    KeptDownload kept;
    kept.name = stringField(json, "name");
    kept.source = valueOf<DownloadSource>(kSources, stringField(json, "source"));
    kept.place = stringField(json, "place");
    kept.revision = stringField(json, "revision");
    kept.file = stringField(json, "file");
    kept.everyByte = boolField(json, "every_byte", false);
    kept.fate = valueOf<DownloadFate>(kFates, stringField(json, "fate"));
    kept.doneBytes = countField(json, "done_bytes").value_or(0);
    kept.totalBytes = countField(json, "total_bytes").value_or(0);
    if (const auto repaired = json.find("repaired"); repaired != json.end() && repaired->is_array())
        for (const Json& file : *repaired)
            if (file.is_string()) kept.repaired.push_back(file.get<std::string>());
    kept.code = stringField(json, "code");
    kept.message = stringField(json, "message");
    kept.endedSeconds = static_cast<std::int64_t>(countField(json, "ended").value_or(0));
    return kept;
}

Json toJson(const KeptDownload& kept) {
    return Json{{"name", kept.name},
                {"source", wordOf(kSources, kept.source)},
                {"place", kept.place},
                {"revision", kept.revision},
                {"file", kept.file},
                {"every_byte", kept.everyByte},
                {"fate", wordOf(kFates, kept.fate)},
                {"done_bytes", kept.doneBytes},
                {"total_bytes", kept.totalBytes},
                {"repaired", kept.repaired},
                {"code", kept.code},
                {"message", kept.message},
                {"ended", static_cast<std::uint64_t>(std::max<std::int64_t>(kept.endedSeconds, 0))}};
}

/// What lies on the disk of a download, as somebody would ask for it again.
KeptDownload keptOf(const ModelEntry& entry, const fs::path& folder) {
    KeptDownload kept;
    kept.name = entry.family + "/" + entry.version;
    const auto record = readDownloadRecord(folder);
    if (!record) return kept;
    kept.revision = record->revision;
    kept.totalBytes = record->totalBytes;
    if (!record->commit.empty()) return kept;
    kept.source = record->source == kMetaSource ? DownloadSource::Meta : DownloadSource::Mirror;
    if (kept.source == DownloadSource::Mirror) kept.place = record->source;
    return kept;
}

} // namespace

std::vector<KeptDownload> readDownloads(const DataRoot& root) {
    std::vector<KeptDownload> list;
    const auto json = readJsonFile(listFile(root), {6, kMaxListBytes});
    if (!json || countField(*json, "schema") != kSchema) return list;
    const auto entries = json->find("downloads");
    if (entries == json->end() || !entries->is_array()) return list;
    for (const Json& entry : *entries)
        if (!stringField(entry, "name").empty()) list.push_back(parsed(entry));
    return list;
}

Result<void> writeDownloads(FileLayer& files, const DataRoot& root, const std::vector<KeptDownload>& list) {
    const fs::path file = listFile(root);
    if (auto made = files.makeDirectories(file.parent_path()); !made) return made;
    Json entries = Json::array();
    std::size_t ended = 0;
    for (const KeptDownload& kept : list)
        if (kept.fate == DownloadFate::Unfinished || ++ended <= kKeptDownloads)
            entries.push_back(toJson(kept));
    return writeFileAtomically(files, file,
                               writeJson(Json{{"schema", kSchema}, {"downloads", std::move(entries)}}));
}

std::vector<KeptDownload> withUnfinished(std::vector<KeptDownload> kept, const Library& library) {
    std::vector<ModelEntry> here = library.list();
    const auto stateOf = [&](const KeptDownload& one) {
        const auto found = std::find_if(here.begin(), here.end(), [&](const ModelEntry& entry) {
            return entry.family + "/" + entry.version == one.name;
        });
        return found == here.end() ? ModelState::Absent : found->state;
    };
    std::erase_if(kept, [&](const KeptDownload& one) {
        if (one.fate != DownloadFate::Unfinished || one.everyByte) return false;
        const ModelState state = stateOf(one);
        const bool wasRemoved = state == ModelState::Absent && one.doneBytes > 0;
        return wasRemoved || state == ModelState::Verified;
    });
    std::stable_partition(kept.begin(), kept.end(),
                          [](const KeptDownload& one) { return one.fate == DownloadFate::Unfinished; });
    for (const ModelEntry& entry : here) {
        if (!entry.isDownload) continue;
        const fs::path folder = downloadFolder(library.root(), entry.family, entry.version);
        auto found = std::find_if(kept.begin(), kept.end(), [&](const KeptDownload& one) {
            return one.fate != DownloadFate::Done && one.name == entry.family + "/" + entry.version;
        });
        if (found == kept.end()) {
            const auto firstEnded = std::find_if(kept.begin(), kept.end(), [](const KeptDownload& one) {
                return one.fate != DownloadFate::Unfinished;
            });
            found = kept.insert(firstEnded, keptOf(entry, folder));
        }
        // 0 where it was removed since the list was read: the next reading finds it gone, and had bytes
        if (const std::uint64_t bytes = downloadedBytes(folder); bytes > 0) found->doneBytes = bytes;
        if (found->totalBytes > 0) continue; // else the list was kept before the source had answered
        if (const auto record = readDownloadRecord(folder)) found->totalBytes = record->totalBytes;
    }
    return kept;
}

} // namespace llamahome::jobs
