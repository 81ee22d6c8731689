#include "jobs/verify/repair_model.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "formats/hub/model_weights.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/manifest.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOrigin = "recorded anew";

/// The mode is no content: it goes past the file layer, which tests let fail to find half-written files.
Result<void> makeReadable(const fs::path& path) {
    std::error_code failure;
    fs::permissions(path, fs::perms::owner_read, fs::perm_options::add, failure);
    if (!failure) return {};
    return Error{codes::kFilePermission,
                 displayPath(path) + ": the right to read it cannot be given; ask the owner of the file",
                 failure.message()};
}

/// All that a model must be, every number included; an adapter can be read, which looks at its numbers.
Result<void> checkWhole(const ModelEntry& entry, const CancelToken& cancel, const ProgressSink& progress) {
    if (entry.kind == kAdapterKind) {
        const auto adapter = formats::readPeftAdapter(entry.path);
        return adapter ? Result<void>() : Result<void>(adapter.error());
    }
    if (auto checked = checkModelFolder(entry.path); !checked) return checked;
    const auto weights = formats::openModelWeights(entry.path);
    if (!weights) return weights.error();
    return checkFinite(**weights, displayPath(entry.path), cancel, progress);
}

Result<void> recordAnew(const ModelEntry& entry, FileLayer& files, const CancelToken& cancel,
                        const ProgressSink& progress) {
    if (auto whole = checkWhole(entry, cancel, progress); !whole) return whole;
    Manifest labels;
    if (auto old = readManifest(entry.path)) {
        labels = std::move(*old);
    } else {
        labels.kind = entry.kind;
        labels.family = entry.family;
        labels.version = entry.version;
        labels.source = entry.hubId.empty() ? entry.name : entry.hubId;
    }
    const auto manifest = buildManifest(entry.path, std::move(labels), kOrigin, cancel, progress);
    if (!manifest) return manifest.error();
    if (auto written = writeManifest(files, entry.path, *manifest); !written) return written;
    return clearDamage(files, entry.path);
}

/// Takes files that are to go out of the manifest: one that lists too much is of a damaged model.
Result<void> unlist(const ModelEntry& entry, const std::vector<std::string>& names, FileLayer& files) {
    auto manifest = readManifest(entry.path);
    if (!manifest) return {}; // there is none, or it is recorded anew
    const auto removed = std::erase_if(manifest->files, [&](const ManifestFile& file) {
        return std::find(names.begin(), names.end(), file.path) != names.end();
    });
    if (removed == 0) return {};
    manifest->digest = manifestDigest(manifest->files);
    return writeManifest(files, entry.path, *manifest);
}

std::vector<std::string> pathsOf(const ModelEntry& entry, const Repair& repair) {
    std::vector<std::string> paths;
    for (const std::string& name : repair.files)
        paths.push_back(displayPath(entry.path / name));
    return paths;
}

} // namespace

bool isRepairable(const Repair& repair) {
    return repair.kind != RepairKind::GetAgain && repair.kind != RepairKind::FetchAgain;
}

std::vector<Repair> repairsOf(const VerifyReport& report) {
    std::vector<Repair> repairs;
    for (const RepairKind kind :
         {RepairKind::MakeReadable, RepairKind::RemoveFiles, RepairKind::RecordAnew}) {
        std::optional<Repair> all;
        for (const CheckResult& check : report.checks) {
            if (!check.repair || check.repair->kind != kind) continue;
            if (!all) all = Repair{kind};
            for (const std::string& name : check.repair->files)
                if (std::find(all->files.begin(), all->files.end(), name) == all->files.end())
                    all->files.push_back(name);
        }
        if (all) repairs.push_back(std::move(*all));
    }
    return repairs;
}

std::string repairCommand(const ModelEntry& entry, const Repair& repair) {
    std::vector<std::string> words;
    switch (repair.kind) {
    case RepairKind::GetAgain:
        return "llamahome import PATH --as " + commandWords(entry) + " --replace";
    case RepairKind::FetchAgain:
        return "llamahome download " + downloadWords(entry) + " --repair";
    case RepairKind::MakeReadable:
        words = {"chmod", "u+r"};
        break;
    case RepairKind::RemoveFiles:
        words = {"rm"};
        break;
    case RepairKind::RecordAnew:
        return "llamahome verify " + commandWords(entry) + " --repair";
    }
    for (std::string& path : pathsOf(entry, repair))
        words.push_back(std::move(path));
    return shellLine(words);
}

Result<void> repairModel(const ModelEntry& entry, const Repair& repair, const RootLock&, FileLayer& files,
                         const CancelToken& cancel, const ProgressSink& progress) {
    switch (repair.kind) {
    case RepairKind::GetAgain:
    case RepairKind::FetchAgain:
        break;
    case RepairKind::MakeReadable:
        for (const std::string& name : repair.files)
            if (auto done = makeReadable(entry.path / name); !done) return done;
        return {};
    case RepairKind::RemoveFiles:
        if (auto done = unlist(entry, repair.files, files); !done) return done;
        for (const std::string& name : repair.files)
            if (auto done = files.remove(entry.path / name); !done) return done;
        return files.syncDirectory(entry.path);
    case RepairKind::RecordAnew:
        return recordAnew(entry, files, cancel, progress);
    }
    return Error{codes::kInternal, entry.name + ": this cannot be repaired without its source"};
}

} // namespace llamahome::jobs
