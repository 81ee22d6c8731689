#include "jobs/library/library_folders.h"

#include <algorithm>
#include <random>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/json_field.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr JsonLimits kLimits{8, 4U << 20};
constexpr const char* kIndexName = ".libraries.json";        ///< in the root's models
constexpr const char* kMarkName = ".llamahome-library.json"; ///< in a library that models were written to
constexpr std::size_t kIdDigits = 32;

/// What the index has of one folder.
struct Remembered {
    std::string id; ///< of its mark; empty: it has none
    std::vector<KnownModel> models;
};

/// A file of ours; anything else than expected is as good as none.
Json readOwn(const fs::path& path) {
    const auto json = readJsonFile(path, kLimits);
    return json && countField(*json, "schema") == kSchema ? *json : Json::object();
}

std::string idOf(const fs::path& folder) {
    return stringField(readOwn(folder / kMarkName), "id");
}

Remembered remembered(const Json& index, const fs::path& folder) {
    Remembered found;
    const Json* folders = member(index, "folders");
    const Json* entry = folders == nullptr ? nullptr : member(*folders, displayPath(folder));
    if (entry == nullptr) return found;
    found.id = stringField(*entry, "id");
    const Json* models = member(*entry, "models");
    if (models == nullptr || !models->is_array()) return found;
    for (const Json& model : *models)
        found.models.push_back({stringField(model, "family"), stringField(model, "version"),
                                stringField(model, "hub_id"), countField(model, "size").value_or(0)});
    return found;
}

std::vector<KnownModel> modelsIn(const fs::path& place) {
    std::vector<KnownModel> models;
    for (const std::string& family : folderNames(place))
        for (const std::string& version : folderNames(place / family)) {
            const auto manifest = readManifest(place / family / version);
            if (!manifest) continue;
            models.push_back({family, version, isFromHub(*manifest) ? manifest->source : std::string(),
                              manifest->totalBytes()});
        }
    return models;
}

/// Not there, the mark of another one, or the empty place where a drive is mounted.
bool isAway(const fs::path& folder, const Remembered& before) {
    std::error_code failure;
    if (!fs::is_directory(folder, failure)) return true;
    if (!before.id.empty()) return idOf(folder) != before.id;
    return !before.models.empty() && fs::is_empty(folder, failure);
}

Json folderJson(const std::string& id, const std::vector<KnownModel>& models) {
    Json list = Json::array();
    for (const KnownModel& model : models)
        list.push_back(Json{{"family", model.family},
                            {"version", model.version},
                            {"hub_id", model.hubId},
                            {"size", model.sizeBytes}});
    return Json{{"id", id}, {"models", std::move(list)}};
}

std::string newId() {
    std::random_device random;
    std::string seed;
    for (int i = 0; i < 8; ++i)
        seed += std::to_string(random()) + " ";
    return sha256Hex(seed).substr(0, kIdDigits);
}

} // namespace

std::vector<ModelPlace> placesAway(const DataRoot& root) {
    std::vector<ModelPlace> places;
    if (root.libraries.empty()) return places;
    const Json index = readOwn(root.models() / kIndexName);
    for (const fs::path& path : root.libraries)
        if (Remembered before = remembered(index, path); isAway(path, before))
            places.push_back({path, true, {}, std::move(before.models)});
    return places;
}

std::vector<ModelPlace> roomOfPlaces(const DataRoot& root) {
    std::vector<ModelPlace> away = placesAway(root);
    std::vector<ModelPlace> places;
    for (const fs::path& path : root.modelPlaces()) {
        const auto found = std::find_if(away.begin(), away.end(),
                                        [&](const ModelPlace& place) { return place.path == path; });
        if (found != away.end()) {
            places.push_back(std::move(*found));
            continue;
        }
        const auto free = freeDiskBytes(path);
        places.push_back({path, false, free ? std::optional(*free) : std::nullopt, {}});
    }
    return places;
}

std::vector<ModelPlace> modelPlaces(const DataRoot& root) {
    std::vector<ModelPlace> places = roomOfPlaces(root);
    for (ModelPlace& place : places)
        if (!place.isAway) place.models = modelsIn(place.path);
    return places;
}

Result<void> rememberPlaces(FileLayer& files, const DataRoot& root) {
    if (root.libraries.empty()) return {};
    const fs::path path = root.models() / kIndexName;
    const Json before = readOwn(path);
    Json folders = Json::object();
    for (const ModelPlace& place : modelPlaces(root)) {
        if (place.path == root.models()) continue;
        const std::string id = place.isAway ? remembered(before, place.path).id : idOf(place.path);
        folders[displayPath(place.path)] = folderJson(id, place.models);
    }
    const Json now{{"schema", kSchema}, {"folders", std::move(folders)}};
    if (now == before) return {};
    if (auto made = files.makeDirectories(root.models()); !made) return made;
    return writeFileAtomically(files, path, writeJson(now));
}

Result<void> claimPlace(FileLayer& files, const DataRoot& root, const fs::path& place) {
    if (place == root.models()) return files.makeDirectories(place);
    const Remembered before = remembered(readOwn(root.models() / kIndexName), place);
    if (isAway(place, before))
        return Error{codes::kModelOffline,
                     displayPath(place) +
                         (before.id.empty()
                              ? ": there is no such folder; connect its drive, or make it"
                              : ": its drive is away, or another one has taken its path; connect it")};
    if (!idOf(place).empty()) return {};
    return writeFileAtomically(files, place / kMarkName,
                               writeJson(Json{{"schema", kSchema}, {"id", newId()}}));
}

} // namespace llamahome::jobs
