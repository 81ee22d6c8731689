#include "jobs/train/finished_adapter.h"

#include <algorithm>
#include <cmath>

#include "config/setting_descriptor.h"
#include "config/settings_writer.h"
#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/model_weights.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/manifest.h"
#include "jobs/train/run_folder.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFinetuned = "finetuned";
constexpr std::string_view kBeside = "-resumed";
constexpr int kMaxAdapters = 100'000;

Result<void> checkFinite(const formats::PeftAdapter& adapter) {
    for (const formats::LoraPair& pair : adapter.pairs)
        for (const std::vector<float>* values : {&pair.loraA, &pair.loraB})
            if (!std::all_of(values->begin(), values->end(), [](float v) { return std::isfinite(v); }))
                return Error{codes::kNonFiniteLoss,
                             "the adapter: " + pair.module +
                                 " holds numbers that are not finite, so it is not kept; resume from an "
                                 "earlier checkpoint, or start anew with a lower training.learning_rate"};
    return {};
}

config::YamlNode scalar(std::string text) {
    config::YamlNode node;
    node.kind = config::YamlNode::Kind::Scalar;
    node.text = std::move(text);
    return node;
}

/// A map under construction.
struct YamlMap {
    config::YamlNode node;

    YamlMap() { node.kind = config::YamlNode::Kind::Map; }
    void add(std::string key, config::YamlNode value) {
        node.entries.push_back({std::move(key), 0, 0, std::move(value)});
    }
    void add(std::string key, std::string text) { add(std::move(key), scalar(std::move(text))); }
    void add(std::string key, const std::optional<double>& number) {
        if (number) add(std::move(key), config::numberText(*number));
    }
};

config::YamlNode dataNode(const RunRecord& record) {
    config::YamlNode list;
    list.kind = config::YamlNode::Kind::Sequence;
    std::vector<RunDataFile> files = record.dataFiles;
    if (record.validationFile) files.push_back(*record.validationFile);
    for (const RunDataFile& file : files) {
        YamlMap entry;
        entry.add("name", displayPath(file.path.filename()));
        entry.add("size", std::to_string(file.sizeBytes));
        entry.add("sha256", file.sha256);
        list.items.push_back(std::move(entry.node));
    }
    return list;
}

/// What was another from a step on: the adapter is not that of an undisturbed run.
config::YamlNode changesNode(const RunRecord& record) {
    config::YamlNode list;
    list.kind = config::YamlNode::Kind::Sequence;
    for (const RunChange& change : record.changes) {
        YamlMap entry;
        entry.add("step", std::to_string(change.step));
        entry.add("key", change.key);
        entry.add("from", change.from);
        entry.add("to", change.to);
        list.items.push_back(std::move(entry.node));
    }
    return list;
}

std::string recordYaml(const AdapterRequest& request) {
    const TrainingResult& result = request.result;
    YamlMap record;
    record.add("run", request.runName);
    record.add("program_version", request.record.programVersion);
    YamlMap base;
    base.add("family", request.record.family);
    base.add("version", request.record.version);
    base.add("hub_id", request.record.hubId);
    base.add("digest", request.record.modelDigest);
    record.add("base", std::move(base.node));
    record.add("data", dataNode(request.record));
    YamlMap outcome;
    outcome.add("end", result.end);
    outcome.add("steps", std::to_string(result.steps));
    outcome.add("total_steps", std::to_string(result.totalSteps));
    outcome.add("epochs", config::numberText(result.epochs));
    outcome.add("trained_tokens", std::to_string(result.trainedTokens));
    outcome.add("train_loss", result.trainLoss);
    outcome.add("first_eval_loss", result.firstEvalLoss);
    outcome.add("adapter_step", std::to_string(result.adapterStep));
    outcome.add("adapter_eval_loss", result.adapterEvalLoss);
    record.add("result", std::move(outcome.node));
    if (!request.record.changes.empty()) record.add("changes", changesNode(request.record));
    record.add("settings", config::parseYaml(config::writeSettingsYaml(request.settings), "settings").root);
    return config::writeYaml(record.node);
}

Result<void> copyTokenizer(FileLayer& files, const fs::path& model, const fs::path& folder) {
    std::vector<std::string_view> names(formats::kTokenizerFiles.begin(), formats::kTokenizerFiles.end());
    names.push_back(formats::kGenerationConfigFile); // its end tokens
    for (const std::string_view name : names) {
        if (!isThere(model / name)) continue;
        if (auto copied = copyFile(files, model / name, folder / name, {}, {}); !copied) return copied;
    }
    return {};
}

/// A label that a manifest takes, whatever the base is called.
std::string label(const std::string& name, const std::string& fallback) {
    return formats::isPlainFileName(name) && name.front() != '.' ? name : fallback;
}

Result<void> fill(FileLayer& files, const fs::path& folder, const AdapterRequest& request) {
    formats::PeftAdapter adapter = request.adapter;
    adapter.baseModel = baseModelName(request.record);
    if (auto done = formats::writePeftAdapter(files, folder, adapter); !done) return done;
    if (auto done = copyTokenizer(files, request.record.modelFolder, folder); !done) return done;
    if (auto done = writeFileAtomically(files, folder / kTrainingRecordName, recordYaml(request)); !done)
        return done;
    Manifest labels;
    labels.kind = std::string(kAdapterKind);
    labels.family = label(request.record.family, "local");
    labels.version = label(request.record.version, "model");
    labels.source = request.runName;
    const auto manifest = buildManifest(folder, std::move(labels), "made here", {}, {});
    if (!manifest) return manifest.error();
    return writeManifest(files, folder, *manifest);
}

/// Where the new adapter stands while it replaces `adapter`.
fs::path besideOf(const fs::path& adapter) {
    return adapter.parent_path() / (displayPath(adapter.filename()) + std::string(kBeside));
}

/// Renames the staging folder to the first name that is free; the rename is the claim.
Result<fs::path> publishNew(FileLayer& files, const fs::path& finetuned, const fs::path& staging,
                            const std::string& stem, const AdapterRequest& request) {
    for (int n = 1; n < kMaxAdapters; ++n) {
        const fs::path target = finetuned / (n == 1 ? stem : stem + "-" + std::to_string(n));
        if (isThere(target)) continue;
        if (request.announce)
            if (auto told = request.announce(target); !told) return told.error();
        const auto renamed = files.rename(staging, target);
        if (renamed) return target;
        if (renamed.error().code != codes::kFileExists) return renamed.error();
    }
    return Error{codes::kFileExists, displayPath(finetuned) + ": every name from " + stem +
                                         " is taken; remove adapters that are no longer needed"};
}

/// Puts the staging folder in the place of `old` where names cannot be exchanged. The new adapter stands
/// beside the old one meanwhile, so that at every moment there is one to use. (Where something stands there
/// already, left by a replacement that was cut off, that is so without it.)
Result<void> replaceByRenames(FileLayer& files, const fs::path& staging, const fs::path& old,
                              const fs::path& aside) {
    const fs::path beside = besideOf(old);
    fs::path whole = staging;
    if (!isThere(beside)) {
        if (auto done = files.rename(staging, beside); !done) return done;
        whole = beside;
    }
    auto replaced = files.rename(old, aside);
    if (replaced) {
        replaced = files.rename(whole, old);
        if (replaced) return replaced;
        (void)files.rename(aside, old);
    }
    if (whole == beside) (void)files.rename(beside, staging);
    return replaced;
}

/// Drops what a replacement by renames that was cut off has left beside the adapter.
Result<void> clearBeside(FileLayer& files, const DataRoot& root, const fs::path& old,
                         const std::string& runName) {
    const fs::path beside = besideOf(old);
    if (!isAdapterOfRun(beside, root.finetuned(), runName)) return {};
    const StagingFolder doomed(root, kFinetuned, displayPath(beside.filename()));
    if (auto renamed = files.rename(beside, doomed.path()); !renamed) return renamed;
    return removeTree(files, doomed.path());
}

} // namespace

bool isAdapterOfRun(const fs::path& folder, const fs::path& finetuned, const std::string& runName) {
    if (folder.empty() || folder.parent_path() != finetuned) return false;
    const auto manifest = readManifest(folder);
    return manifest && manifest->kind == kAdapterKind && manifest->source == runName;
}

bool belongsToAdapter(std::string_view name) {
    return name == "adapter_config.json" || name == "adapter_model.safetensors" ||
           name == kTrainingRecordName || name == formats::kGenerationConfigFile ||
           formats::isTokenizerFile(name);
}

Result<fs::path> writeFinishedAdapter(FileLayer& files, const DataRoot& root, const AdapterRequest& request) {
    if (auto finite = checkFinite(request.adapter); !finite) return finite.error();
    const std::string stem = runStem(request.record.family, request.record.version) + "_finetuned";
    const fs::path finetuned = root.finetuned();
    const StagingFolder stagingFolder(root, kFinetuned, stem);
    const StagingFolder asideFolder(root, kFinetuned, stem + "-replaced");
    const fs::path& staging = stagingFolder.path();
    const fs::path& aside = asideFolder.path();
    const fs::path old = request.record.adapterFolder;
    bool isExchanged = false;
    const auto publish = [&]() -> Result<fs::path> {
        if (auto done = files.makeDirectories(finetuned); !done) return done.error();
        if (auto done = clearImports(root, kFinetuned, files); !done) return done.error();
        if (auto done = files.makeDirectory(staging); !done) return done.error();
        if (auto done = fill(files, staging, request); !done) return done.error();
        if (!isAdapterOfRun(old, finetuned, request.runName))
            return publishNew(files, finetuned, staging, stem, request);
        const auto exchanged = files.exchange(staging, old);
        if (!exchanged) return exchanged.error();
        isExchanged = *exchanged;
        if (isExchanged) return old;
        if (auto done = replaceByRenames(files, staging, old, aside); !done) return done.error();
        return old;
    };
    auto published = publish();
    if (!published) {
        (void)removeTree(files, staging);
        return published.error().within("the finished adapter");
    }
    if (auto done = files.syncDirectory(finetuned); !done) return done.error().within("the finished adapter");
    if (!old.empty() && !isExchanged) (void)clearBeside(files, root, old, request.runName);
    for (const fs::path& left : {staging, aside})
        (void)removeTree(files, left);
    return published;
}

} // namespace llamahome::jobs
