#include "jobs/library/library.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "core/shell_quote.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "jobs/download/download_place.h"
#include "jobs/import/import_files.h"
#include "jobs/library/card_licence.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/library_folders.h"
#include "jobs/memory_estimate.h"
#include "jobs/quantised_cache.h"
#include "jobs/verify/file_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kAdapterFamily = "finetuned";
constexpr std::string_view kLocalFamily = "local";

bool hasManifest(const fs::path& folder) {
    return isThere(folder / kManifestName);
}

/// Whether a folder without a manifest has files of a model or adapter, in whichever layout. What a removal
/// that was cut off has left is none.
bool isForeign(const fs::path& folder) {
    if (hasManifest(folder) || isThere(folder / kRemovingName)) return false;
    for (const char* name : {"config.json", "adapter_config.json", "params.json"})
        if (isThere(folder / name)) return true;
    const std::vector<fs::path> entries = entriesOf(folder);
    return std::any_of(entries.begin(), entries.end(),
                       [](const fs::path& entry) { return entry.extension() == ".gguf"; });
}

void mark(ModelEntry& entry, ModelState state, std::string problem) {
    entry.state = state;
    entry.problem = std::move(problem);
}

/// Compares what the manifest lists with what is there; no file is read.
void checkFiles(ModelEntry& entry, const Manifest& manifest) {
    if (auto away = missingLink(entry.path, manifest))
        return mark(entry, ModelState::Offline, std::move(*away));
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = entry.path / file.path;
        std::error_code failure;
        const fs::file_status status = fs::status(path, failure);
        if (!fs::is_regular_file(status)) return mark(entry, ModelState::Damaged, file.path + " is missing");
        const std::uint64_t size = fs::file_size(path, failure);
        if (failure || size != file.sizeBytes)
            return mark(entry, ModelState::Damaged,
                        file.path + ": found " + std::to_string(size) + " bytes, expected " +
                            std::to_string(file.sizeBytes));
    }
}

void markForeign(ModelEntry& entry) {
    mark(entry, ModelState::Foreign,
         "its folder was not imported; take it over with `" +
             shellLine({"llamahome", "import", displayPath(entry.path)}) + "`");
}

/// What a check has found, where sizes show nothing.
void checkDamage(ModelEntry& entry) {
    if (!entry.isUsable()) return;
    if (auto damage = readDamage(entry.path)) mark(entry, ModelState::Damaged, std::move(damage->problem));
}

/// Memory by the model's own configuration, where it can be read.
void addMemory(ModelEntry& entry) {
    if (entry.kind != kModelKind) return;
    const auto config = formats::readModelConfig(entry.path / "config.json");
    if (!config) return;
    entry.memoryToChatBytes = leastToChat(*config);
    entry.memoryToTrainBytes = leastToTrain(*config);
}

/// What has been fetched of a model that is not installed.
void addDownloadFacts(ModelEntry& entry, const fs::path& folder) {
    const auto record = readDownloadRecord(folder);
    const std::string here = formatBytes(downloadedBytes(folder));
    const std::string whole =
        record && record->totalBytes > 0 ? " of " + formatBytes(record->totalBytes) : std::string();
    if (entry.hubId.empty() && record && !record->commit.empty()) entry.hubId = record->name;
    if (entry.sizeBytes == 0 && record) entry.sizeBytes = record->totalBytes;
    entry.isDownload = true;
    mark(entry, ModelState::Partial,
         here + whole + " are downloaded; `llamahome download " + downloadWords(entry) +
             "` goes on, `llamahome remove " + commandWords(entry) + "` deletes them");
}

/// State, size and memory of the folder at entry.path, which has a manifest.
void addInstalledFacts(ModelEntry& entry) {
    entry.state = ModelState::Verified;
    const auto manifest = readManifest(entry.path);
    if (!manifest) return mark(entry, ModelState::Damaged, manifest.error().message);
    entry.kind = manifest->kind;
    if (entry.hubId.empty() && isFromHub(*manifest)) entry.hubId = manifest->source;
    entry.sizeBytes = manifest->totalBytes() + quantisedCacheBytes(entry.path);
    if (entry.licence.empty()) entry.licence = licenceByCard(entry.path);
    checkFiles(entry, *manifest);
    checkDamage(entry);
    addMemory(entry);
}

} // namespace

std::string_view stateName(ModelState state) {
    switch (state) {
    case ModelState::Absent:
        return "absent";
    case ModelState::Partial:
        return "partial";
    case ModelState::Verified:
        return "verified";
    case ModelState::Damaged:
        return "damaged";
    case ModelState::Offline:
        return "offline";
    case ModelState::Foreign:
        return "foreign";
    }
    return "absent";
}

std::string_view stateWord(ModelState state) {
    switch (state) {
    case ModelState::Absent:
        return "not installed";
    case ModelState::Partial:
        return "cut off";
    case ModelState::Verified:
        return "ready";
    case ModelState::Damaged:
        return "damaged";
    case ModelState::Offline:
        return "disk away";
    case ModelState::Foreign:
        return "not in the library";
    }
    return "not installed";
}

std::string commandWords(const ModelEntry& entry) {
    return shellLine(entry.kind == kAdapterKind ? std::vector<std::string>{entry.name}
                                                : std::vector{entry.family, entry.version});
}

std::string downloadWords(const ModelEntry& entry) {
    return entry.catalog ? commandWords(entry) : shellLine({entry.name});
}

fs::path modelFolder(const DataRoot& root, std::string_view family, std::string_view version) {
    return root.models() / family / version;
}

Library::Library(DataRoot root, config::Catalog catalog)
    : m_root(std::move(root))
    , m_catalog(std::move(catalog)) {}

void Library::addFacts(ModelEntry& entry) const {
    const fs::path begun = downloadFolder(m_root, entry.family, entry.version);
    if (hasManifest(entry.path))
        addInstalledFacts(entry);
    else if (isForeign(entry.path))
        markForeign(entry);
    else if (isThere(begun))
        addDownloadFacts(entry, begun);
    else if (!m_root.libraries.empty() && entry.family != kAdapterFamily)
        addAwayFacts(entry);
}

fs::path Library::placeOf(std::string_view family, std::string_view version) const {
    const fs::path own = modelFolder(m_root, family, version);
    for (const auto hasModel : {hasManifest, isForeign})
        for (const fs::path& place : m_root.modelPlaces())
            if (fs::path folder = place / family / version; hasModel(folder)) return folder;
    return own;
}

void Library::addAwayFacts(ModelEntry& entry) const {
    for (const ModelPlace& place : placesAway(m_root)) {
        const auto known =
            std::find_if(place.models.begin(), place.models.end(), [&](const KnownModel& model) {
                return model.family == entry.family && model.version == entry.version;
            });
        if (known == place.models.end()) continue;
        entry.path = place.path / entry.family / entry.version;
        entry.sizeBytes = known->sizeBytes;
        if (entry.hubId.empty()) entry.hubId = known->hubId;
        return mark(entry, ModelState::Offline,
                    "it lies in " + displayPath(place.path) + ", which is not there; connect that drive");
    }
}

ModelEntry Library::catalogued(const config::CatalogVersion& version) const {
    ModelEntry entry;
    entry.family = version.family;
    entry.version = version.version;
    entry.name = version.family + "/" + version.version;
    entry.hubId = version.hubId;
    entry.path = placeOf(version.family, version.version);
    entry.sizeBytes = version.sizeBytes;
    entry.licence = version.licence;
    entry.catalog = version;
    entry.memoryToChatBytes = memoryByParameters(version.parameters, kAutoBytes);
    entry.memoryToTrainBytes = entry.memoryToChatBytes;
    addFacts(entry);
    return entry;
}

ModelEntry Library::other(std::string_view family, std::string_view version) const {
    ModelEntry entry;
    entry.family = family;
    entry.version = version;
    entry.name = entry.family + "/" + entry.version;
    entry.path = placeOf(family, version);
    addFacts(entry);
    return entry;
}

std::vector<ModelEntry> Library::strays() const {
    std::vector<ModelEntry> entries;
    for (const std::string& name : folderNames(m_root.models())) {
        const fs::path folder = m_root.models() / name;
        if (name == kAdapterFamily || !isForeign(folder)) continue;
        ModelEntry entry;
        entry.family = kLocalFamily;
        entry.version = name;
        entry.name = name;
        entry.path = folder;
        markForeign(entry);
        entries.push_back(std::move(entry));
    }
    return entries;
}

void Library::addOther(const std::string& family, const std::string& version,
                       std::vector<ModelEntry>& entries) const {
    const config::CatalogFamily* known = m_catalog.findFamily(family);
    const bool isListed = std::any_of(entries.begin(), entries.end(), [&](const ModelEntry& one) {
        return one.family == family && one.version == version;
    });
    if (isListed || (known != nullptr && known->find(version) != nullptr)) return;
    if (ModelEntry entry = other(family, version); entry.state != ModelState::Absent)
        entries.push_back(std::move(entry));
}

void Library::addOthers(const fs::path& place, std::vector<ModelEntry>& entries) const {
    for (const std::string& family : folderNames(place))
        for (const std::string& version :
             family == kAdapterFamily ? std::vector<std::string>() : folderNames(place / family))
            addOther(family, version, entries);
}

std::vector<ModelEntry> Library::list() const {
    std::vector<ModelEntry> entries;
    for (const config::CatalogFamily& family : m_catalog.families())
        for (const config::CatalogVersion& version : family.versions)
            entries.push_back(catalogued(version));
    for (const fs::path& place : m_root.modelPlaces())
        addOthers(place, entries);
    for (const ModelPlace& place : placesAway(m_root))
        for (const KnownModel& model : place.models)
            addOther(model.family, model.version, entries);
    for (ModelEntry& stray : strays())
        entries.push_back(std::move(stray));
    for (const Leftover& leftover : findLeftovers(m_root)) {
        if (leftover.family == kAdapterFamily) continue;
        auto entry = std::find_if(entries.begin(), entries.end(), [&](const ModelEntry& one) {
            return one.family == leftover.family && one.version == leftover.version;
        });
        if (entry == entries.end())
            entry = entries.insert(entries.end(), other(leftover.family, leftover.version));
        if (entry->state == ModelState::Absent)
            mark(*entry, ModelState::Partial,
                 leftover.kind == LeftoverKind::Removal ? "its removal was cut off"
                                                        : "an import is under way or was cut off");
    }
    return entries;
}

Result<std::vector<ModelEntry>> Library::listFamily(std::string_view family) const {
    std::vector<ModelEntry> entries = list();
    const std::string wanted = lowerAscii(family);
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [&](const ModelEntry& entry) { return lowerAscii(entry.family) != wanted; }),
                  entries.end());
    if (!entries.empty() || wanted == kLocalFamily) return entries;
    const auto known = m_catalog.defaultVersion(family);
    return known ? Result<std::vector<ModelEntry>>(std::move(entries)) : known.error();
}

std::vector<ModelEntry> Library::installedAdapters() const {
    std::vector<ModelEntry> entries;
    for (const std::string& name : folderNames(m_root.finetuned()))
        if (auto entry = findAdapter(name)) entries.push_back(std::move(*entry));
    return entries;
}

std::optional<ModelEntry> Library::find(std::string_view family, std::string_view version) const {
    if (const config::CatalogFamily* known = m_catalog.findFamily(lowerAscii(family)))
        if (const config::CatalogVersion* found = known->find(lowerAscii(version))) return catalogued(*found);
    if (const auto found = m_catalog.findHubId(std::string(family) + "/" + std::string(version)))
        return catalogued(*found);
    if (family == kAdapterFamily || !formats::isPlainFileName(family) || !formats::isPlainFileName(version))
        return {};
    ModelEntry entry = other(family, version);
    return entry.state == ModelState::Absent ? std::nullopt : std::optional(std::move(entry));
}

std::optional<ModelEntry> Library::findAdapter(std::string_view name) const {
    const fs::path folder = m_root.finetuned() / name;
    if (name.starts_with('.') || !formats::isPlainFileName(name)) return {};
    ModelEntry entry;
    entry.family = kAdapterFamily;
    entry.version = name;
    entry.name = name;
    entry.path = folder;
    entry.kind = kAdapterKind;
    addFacts(entry);
    return entry.state == ModelState::Absent ? std::nullopt : std::optional(std::move(entry));
}

std::optional<ModelEntry> Library::describeFolder(const fs::path& folder) const {
    std::error_code failure;
    const bool isAdapter = fs::is_regular_file(folder / "adapter_config.json", failure);
    if (!isAdapter && !fs::is_regular_file(folder / "config.json", failure)) return {};
    const fs::path absolute = fs::weakly_canonical(folder, failure);
    ModelEntry entry;
    entry.family = isAdapter ? kAdapterFamily : kLocalFamily;
    entry.path = failure ? folder : absolute;
    entry.version = displayPath(entry.path.filename());
    entry.name = displayPath(entry.path);
    entry.kind = isAdapter ? kAdapterKind : kModelKind;
    if (hasManifest(entry.path)) {
        addInstalledFacts(entry);
        return entry;
    }
    entry.state = ModelState::Verified;
    entry.licence = licenceByCard(entry.path);
    addMemory(entry);
    return entry;
}

} // namespace llamahome::jobs
