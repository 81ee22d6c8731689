#include "jobs/train/run_record.h"

#include <algorithm>
#include <array>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr std::array<std::string_view, 5> kStateNames{"running", "finished", "stopped", "failed",
                                                      "interrupted"};

Json dataFileJson(const RunDataFile& file) {
    return {{"path", displayPath(file.path)}, {"size", file.sizeBytes}, {"sha256", file.sha256}};
}

RunDataFile dataFileOf(const Json& json, const std::string& what, RecordFields& all) {
    RecordFields fields(json, what, codes::kRunDamaged);
    RunDataFile file{fields.text("path"), fields.count("size"), fields.text("sha256")};
    if (fields.problem()) all.report("data: " + fields.problem()->message);
    return file;
}

void readData(RecordFields& fields, const std::string& what, RunRecord& record) {
    const Json& files = fields.member("data");
    if (!files.is_array()) return fields.report("data: found no list");
    for (const Json& file : files)
        record.dataFiles.push_back(dataFileOf(file, what, fields));
    if (fields.has("validation"))
        record.validationFile = dataFileOf(fields.member("validation"), what, fields);
}

void readSettings(RecordFields& fields, RunRecord& record) {
    const Json& settings = fields.member("settings");
    if (!settings.is_object()) return fields.report("settings: found no object");
    for (const auto& [key, value] : settings.items()) {
        if (!value.is_string()) return fields.report("settings: " + key + ": found no text");
        record.settings.push_back({key, value.get<std::string>()});
    }
}

void readChanges(RecordFields& fields, const std::string& what, RunRecord& record) {
    if (!fields.has("changes")) return; // older records lack them
    const Json& changes = fields.member("changes");
    if (!changes.is_array()) return fields.report("changes: found no list");
    for (const Json& json : changes) {
        RecordFields change(json, what, codes::kRunDamaged);
        record.changes.push_back(
            {change.integer("step"), change.text("key"), change.text("from"), change.text("to")});
        if (change.problem()) return fields.report("changes: " + change.problem()->message);
    }
}

void readMachine(RecordFields& fields, const std::string& what, RunRecord& record) {
    if (!fields.has("machine")) return; // older records lack it
    RecordFields machine(fields.member("machine"), what, codes::kRunDamaged);
    record.machine = {machine.text("libtorch"), machine.text("processor"),
                      static_cast<int>(machine.integer("threads"))};
    if (machine.problem()) fields.report("machine: " + machine.problem()->message);
}

void readProgress(RecordFields& fields, const std::string& what, RunRecord& record) {
    const std::string state = fields.text("state");
    const auto found = std::find(kStateNames.begin(), kStateNames.end() - 1, state);
    if (found == kStateNames.end() - 1) fields.report("state: found a word that is none");
    record.state = static_cast<RunState>(found - kStateNames.begin());
    record.cause = fields.text("cause");
    record.code = fields.text("code");
    record.step = fields.integer("step");
    record.totalSteps = fields.integer("total_steps");
    if (fields.has("train_loss")) record.trainLoss = fields.number("train_loss");
    if (fields.has("best")) {
        RecordFields best(fields.member("best"), what, codes::kRunDamaged);
        record.best = RunBest{best.number("eval_loss"), best.integer("step")};
        if (best.problem()) fields.report("best: " + best.problem()->message);
    }
}

} // namespace

std::string_view runStateName(RunState state) {
    return kStateNames[static_cast<std::size_t>(state)];
}

std::string baseModelName(const RunRecord& record) {
    return record.hubId.empty() ? displayPath(record.modelFolder) : record.hubId;
}

Json runRecordJson(const RunRecord& record) {
    Json json{{"schema", kSchema},
              {"family", record.family},
              {"version", record.version},
              {"model",
               {{"path", displayPath(record.modelFolder)},
                {"hub_id", record.hubId},
                {"digest", record.modelDigest}}},
              {"data", Json::array()},
              {"validation", nullptr}};
    for (const RunDataFile& file : record.dataFiles)
        json["data"].push_back(dataFileJson(file));
    if (record.validationFile) json["validation"] = dataFileJson(*record.validationFile);
    json["init_adapter"] = {{"path", displayPath(record.initAdapter)}, {"digest", record.initAdapterDigest}};
    json["precision"] = record.precision;
    json["command_line"] = record.commandLine;
    json["program_version"] = record.programVersion;
    json["state"] = runStateName(record.state == RunState::Interrupted ? RunState::Running : record.state);
    json["cause"] = record.cause;
    json["code"] = record.code;
    json["step"] = record.step;
    json["total_steps"] = record.totalSteps;
    json["train_loss"] = record.trainLoss ? Json(*record.trainLoss) : Json(nullptr);
    json["best"] =
        record.best ? Json{{"eval_loss", record.best->evalLoss}, {"step", record.best->step}} : Json(nullptr);
    json["adapter"] = displayPath(record.adapterFolder);
    json["started"] = record.startedAt;
    json["updated"] = record.updatedAt;
    json["process"] = {{"pid", record.process.pid},
                       {"started", record.process.started},
                       {"life_lock", record.holdsLifeLock}};
    json["settings"] = Json::object();
    for (const RunSetting& setting : record.settings)
        json["settings"][setting.key] = setting.value;
    json["changes"] = Json::array();
    for (const RunChange& change : record.changes)
        json["changes"].push_back(
            Json{{"step", change.step}, {"key", change.key}, {"from", change.from}, {"to", change.to}});
    json["machine"] = {{"libtorch", record.machine.libtorch},
                       {"processor", record.machine.processor},
                       {"threads", record.machine.threads}};
    return json;
}

Result<RunRecord> parseRunRecord(const Json& json, const std::string& what) {
    RecordFields fields(json, what, codes::kRunDamaged);
    const std::int64_t schema = fields.integer("schema");
    if (!fields.problem() && schema != kSchema)
        return Error{codes::kRunSchema, what + ": found schema " + std::to_string(schema) + ", expected " +
                                            std::to_string(kSchema) +
                                            "; it was written by a newer LlamaHome, use that"};
    RunRecord record;
    record.family = fields.text("family");
    record.version = fields.text("version");
    RecordFields model(fields.member("model"), what, codes::kRunDamaged);
    record.modelFolder = model.text("path");
    record.hubId = model.text("hub_id");
    record.modelDigest = model.text("digest");
    readData(fields, what, record);
    RecordFields adapter(fields.member("init_adapter"), what, codes::kRunDamaged);
    record.initAdapter = adapter.text("path");
    record.initAdapterDigest = adapter.text("digest");
    readSettings(fields, record);
    readChanges(fields, what, record);
    readMachine(fields, what, record);
    if (fields.has("precision")) record.precision = fields.text("precision"); // older records lack it
    record.commandLine = fields.text("command_line");
    record.programVersion = fields.text("program_version");
    readProgress(fields, what, record);
    record.adapterFolder = fields.text("adapter");
    record.startedAt = fields.text("started");
    record.updatedAt = fields.text("updated");
    RecordFields process(fields.member("process"), what, codes::kRunDamaged);
    record.process = {process.integer("pid"), process.text("started")};
    record.holdsLifeLock = process.has("life_lock") && process.flag("life_lock");
    for (const RecordFields* part : {&fields, &model, &adapter, &process})
        if (part->problem()) return *part->problem();
    return record;
}

Result<RunRecord> readRunRecord(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / kRunRecordName;
    const auto json = readJsonFile(path);
    if (!json && json.error().code == codes::kFileNotFound)
        return Error{codes::kRunUnknown, displayPath(folder) + ": found no " + std::string(kRunRecordName) +
                                             ", so this is no run; `llamahome runs` lists them"};
    if (!json) return Error{codes::kRunDamaged, json.error().message, json.error().detail};
    return parseRunRecord(*json, displayPath(path));
}

} // namespace llamahome::jobs
