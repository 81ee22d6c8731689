#include "jobs/train/run_queue.h"

#include <utility>

#include "core/json_field.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxListBytes = 4U << 20;

fs::path listFile(const DataRoot& root) {
    return root.checkpoints().parent_path() / "queue.json";
}

QueuedRun parsed(const Json& json) {
    QueuedRun run;
    run.model = stringField(json, "model");
    if (const Json* data = member(json, "data"); data != nullptr && data->is_array())
        for (const Json& file : *data)
            if (file.is_string()) run.data.emplace_back(file.get<std::string>());
    if (const std::string file = stringField(json, "validation"); !file.empty()) run.validation = file;
    run.preset = stringField(json, "preset");
    if (const Json* settings = member(json, "settings"); settings != nullptr && settings->is_object())
        for (const auto& [key, value] : settings->items())
            if (value.is_string()) run.changes.push_back({key, value.get<std::string>()});
    run.runName = stringField(json, "name");
    run.code = stringField(json, "code");
    run.message = stringField(json, "message");
    return run;
}

Json toJson(const QueuedRun& run) {
    Json json{{"model", run.model}, {"data", Json::array()}};
    for (const fs::path& file : run.data)
        json["data"].push_back(file.string());
    json["validation"] = run.validation ? Json(run.validation->string()) : Json(nullptr);
    json["preset"] = run.preset;
    json["settings"] = Json::object();
    for (const QueuedRun::Change& change : run.changes)
        json["settings"][change.key] = change.value;
    json["name"] = run.runName;
    json["code"] = run.code;
    json["message"] = run.message;
    return json;
}

} // namespace

std::vector<QueuedRun> readRunQueue(const DataRoot& root) {
    std::vector<QueuedRun> list;
    const auto json = readJsonFile(listFile(root), {6, kMaxListBytes});
    if (!json || countField(*json, "schema") != kSchema) return list;
    const Json* entries = member(*json, "runs");
    if (entries == nullptr || !entries->is_array()) return list;
    for (const Json& entry : *entries) {
        QueuedRun run = parsed(entry);
        if (!run.model.empty() && !run.data.empty()) list.push_back(std::move(run));
    }
    return list;
}

Result<void> writeRunQueue(FileLayer& files, const DataRoot& root, const std::vector<QueuedRun>& list) {
    const fs::path file = listFile(root);
    if (list.empty()) return files.remove(file);
    if (auto made = files.makeDirectories(file.parent_path()); !made) return made;
    Json entries = Json::array();
    for (const QueuedRun& run : list)
        entries.push_back(toJson(run));
    return writeFileAtomically(files, file,
                               writeJson(Json{{"schema", kSchema}, {"runs", std::move(entries)}}));
}

} // namespace llamahome::jobs
