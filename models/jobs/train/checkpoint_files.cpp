#include "jobs/train/checkpoint_files.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/json.h"
#include "formats/peft/peft_adapter.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "formats/tensor_values.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kStateFile = "train_state.json";
constexpr std::array<const char*, 4> kFiles{"adapter_config.json", "adapter_model.safetensors",
                                            kOptimizerFile, kStateFile};
constexpr const char* kFirstMoment = "exp_avg";
constexpr const char* kSecondMoment = "exp_avg_sq";

Error damaged(const fs::path& folder, const std::string& text) {
    return Error{codes::kCheckpointDamaged, displayPath(folder) + ": " + text};
}

Result<void> writeOptimizer(FileLayer& files, const fs::path& folder, const engine::TrainState& state) {
    const auto info = [](const char* name, const std::vector<float>& values) {
        return formats::TensorInfo{name, formats::DType::F32, {static_cast<std::int64_t>(values.size())}};
    };
    const formats::TensorInfo first = info(kFirstMoment, state.expAvg);
    const formats::TensorInfo second = info(kSecondMoment, state.expAvgSq);
    auto writer = formats::SafetensorsWriter::create(files, folder / kOptimizerFile, {first, second},
                                                     {{"format", "pt"}});
    if (!writer) return writer.error();
    if (auto done = (*writer)->write(first, std::as_bytes(std::span(state.expAvg))); !done) return done;
    if (auto done = (*writer)->write(second, std::as_bytes(std::span(state.expAvgSq))); !done) return done;
    return (*writer)->finish();
}

Json stateJson(const engine::TrainState& state) {
    Json best = nullptr;
    if (state.best)
        best = Json{{"eval_loss", state.best->evalLoss},
                    {"step", state.best->step},
                    {"evaluations_without_improvement", state.best->evaluationsWithoutImprovement}};
    return {{"schema", kSchema},
            {"step", state.step},
            {"best", best},
            {"trained_tokens", state.trainedTokens},
            {"trained_seconds", state.trainedSeconds},
            {"last_train_loss", state.lastTrainLoss},
            {"evaluation_due", state.evaluationDue}};
}

Result<void> writeManifestFile(FileLayer& files, const fs::path& folder, std::int64_t step) {
    Json json{{"schema", kSchema}, {"step", step}, {"files", Json::array()}};
    for (const char* name : kFiles) {
        const auto size = fileSize(folder / name);
        if (!size) return size.error();
        const auto digest = sha256File(folder / name);
        if (!digest) return digest.error();
        json["files"].push_back(Json{{"path", name}, {"size", *size}, {"sha256", *digest}});
    }
    return writeFileAtomically(files, folder / kManifestFile, writeJson(json));
}

struct ListedFile {
    std::string path;
    std::uint64_t sizeBytes = 0;
    std::string sha256;
};

/// The manifest's entries; exactly the files that a checkpoint has.
Result<std::vector<ListedFile>> readManifestFile(const fs::path& folder) {
    const auto json = readJsonFile(folder / kManifestFile);
    if (!json) return damaged(folder, std::string(kManifestFile) + ": " + json.error().message);
    RecordFields fields(*json, kManifestFile, codes::kCheckpointDamaged);
    if (fields.integer("schema") != kSchema) fields.report("found another schema than 1");
    std::vector<ListedFile> listed;
    if (const Json& entries = fields.member("files"); entries.is_array()) {
        for (const Json& entry : entries) {
            RecordFields file(entry, kManifestFile, codes::kCheckpointDamaged);
            listed.push_back({file.text("path"), file.count("size"), file.text("sha256")});
            if (file.problem()) return damaged(folder, file.problem()->message);
        }
    }
    if (fields.problem()) return damaged(folder, fields.problem()->message);
    for (const char* name : kFiles)
        if (std::count_if(listed.begin(), listed.end(), [&](const auto& f) { return f.path == name; }) != 1)
            return damaged(folder, std::string(kManifestFile) + ": does not list " + name + " once");
    if (listed.size() != kFiles.size())
        return damaged(folder, std::string(kManifestFile) + ": lists files that a checkpoint does not have");
    return listed;
}

Result<void> readOptimizer(const fs::path& folder, engine::TrainState& state) {
    const auto reader = formats::SafetensorsReader::open(folder / kOptimizerFile);
    if (!reader) return reader.error();
    for (auto [name, values] : {std::pair{kFirstMoment, &state.expAvg}, {kSecondMoment, &state.expAvgSq}}) {
        const formats::TensorInfo* tensor = (*reader)->find(name);
        if (tensor == nullptr) return damaged(folder, std::string(kOptimizerFile) + ": lacks " + name);
        auto read = formats::readAsFloats(**reader, *tensor);
        if (!read) return read.error();
        *values = std::move(*read);
    }
    std::size_t parameters = 0;
    for (const formats::LoraPair& pair : state.adapter.pairs)
        parameters += pair.loraA.size() + pair.loraB.size();
    if (state.expAvg.size() == parameters && state.expAvgSq.size() == parameters) return {};
    return damaged(folder, std::string(kOptimizerFile) + ": found moments of " +
                               std::to_string(state.expAvg.size()) + " and " +
                               std::to_string(state.expAvgSq.size()) + " parameters, expected " +
                               std::to_string(parameters) + " as the adapter has");
}

Result<void> readState(const fs::path& folder, engine::TrainState& state) {
    const auto json = readJsonFile(folder / kStateFile);
    if (!json) return json.error();
    RecordFields fields(*json, kStateFile, codes::kCheckpointDamaged);
    if (fields.integer("schema") != kSchema) fields.report("found another schema than 1");
    state.step = fields.integer("step");
    state.trainedTokens = fields.count("trained_tokens");
    state.trainedSeconds = fields.number("trained_seconds");
    state.lastTrainLoss = fields.number("last_train_loss");
    if (fields.has("evaluation_due"))
        state.evaluationDue = fields.flag("evaluation_due"); // older states lack it
    if (fields.has("best")) {
        RecordFields best(fields.member("best"), kStateFile, codes::kCheckpointDamaged);
        state.best = engine::BestState{best.number("eval_loss"), best.integer("step"),
                                       static_cast<int>(best.integer("evaluations_without_improvement"))};
        if (best.problem()) return damaged(folder, best.problem()->message);
    }
    if (fields.problem()) return damaged(folder, fields.problem()->message);
    return {};
}

} // namespace

Result<void> writeCheckpointFiles(FileLayer& files, const fs::path& folder, const engine::TrainState& state,
                                  const std::string& baseModel) {
    formats::PeftAdapter adapter = state.adapter;
    adapter.baseModel = baseModel;
    if (auto done = formats::writePeftAdapter(files, folder, adapter); !done) return done;
    if (auto done = writeOptimizer(files, folder, state); !done) return done;
    if (auto done = writeFileAtomically(files, folder / kStateFile, writeJson(stateJson(state))); !done)
        return done;
    return writeManifestFile(files, folder, state.step);
}

Result<void> verifyCheckpointFiles(const fs::path& folder, CheckpointProof proof) {
    const auto listed = readManifestFile(folder);
    if (!listed) return listed.error();
    for (const ListedFile& file : *listed) {
        const auto size = fileSize(folder / file.path);
        if (!size) return damaged(folder, size.error().message);
        if (*size != file.sizeBytes)
            return damaged(folder, file.path + ": found " + std::to_string(*size) + " bytes, expected " +
                                       std::to_string(file.sizeBytes));
        if (proof == CheckpointProof::Sizes) continue;
        const auto digest = sha256File(folder / file.path);
        if (!digest) return damaged(folder, digest.error().message);
        if (*digest != file.sha256)
            return damaged(folder, file.path + ": found SHA-256 " + *digest + ", expected " + file.sha256);
    }
    return {};
}

Result<engine::TrainState> readCheckpointFiles(const fs::path& folder) {
    auto adapter = formats::readPeftAdapter(folder);
    if (!adapter) return damaged(folder, adapter.error().message);
    engine::TrainState state;
    state.adapter = std::move(*adapter);
    if (auto read = readState(folder, state); !read) return read.error();
    if (auto read = readOptimizer(folder, state); !read) return read.error();
    return state;
}

} // namespace llamahome::jobs
