#include "jobs/train/rename_run.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "config/yaml_edit.h"
#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "core/hash.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/manifest.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/train/run_folder.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFinetuned = "finetuned";

/// training_record.yaml with that run; a text that is no YAML, by whatever hand, stays.
std::string renamedRecord(const std::string& text, const std::string& name) {
    const config::YamlDocument document = config::parseYaml(text, kTrainingRecordName);
    if (!document.problems.empty() || document.root.kind != config::YamlNode::Kind::Map) return text;
    return config::setYamlValue(text, {"run"}, '"' + name + '"');
}

/// In place: the record, then the manifest that has its hash.
Result<void> relabel(FileLayer& files, const fs::path& folder, const std::string& name) {
    auto manifest = readManifest(folder);
    if (!manifest) return manifest.error();
    manifest->source = name;
    const fs::path record = folder / kTrainingRecordName;
    const auto listed =
        std::find_if(manifest->files.begin(), manifest->files.end(),
                     [](const ManifestFile& file) { return file.path == kTrainingRecordName; });
    if (listed != manifest->files.end() && isThere(record)) {
        const auto text = readFile(record);
        if (!text) return text.error();
        const std::string renamed = renamedRecord(*text, name);
        if (auto done = writeFileAtomically(files, record, renamed); !done) return done;
        listed->sizeBytes = renamed.size();
        listed->sha256 = sha256Hex(renamed);
    }
    return writeManifest(files, folder, *manifest);
}

/// The files of a folder that holds nothing else, links not followed; nothing for any other.
std::optional<std::vector<std::string>> plainFiles(const fs::path& folder) {
    std::vector<std::string> names = entryNames(folder);
    const bool isPlain = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        std::error_code ignored;
        return fs::is_regular_file(fs::symlink_status(folder / name, ignored));
    });
    return isPlain ? std::optional(std::move(names)) : std::nullopt;
}

/// A copy with the new name, then exchanged for the adapter. False where names cannot be exchanged.
Result<bool> exchangeRelabelled(FileLayer& files, const fs::path& adapter, const fs::path& staging,
                                const std::vector<std::string>& names, const std::string& name) {
    if (auto done = files.makeDirectory(staging); !done) return done.error();
    for (const std::string& file : names)
        if (auto done = copyFile(files, adapter / file, staging / file, {}, {}); !done) return done.error();
    if (auto done = relabel(files, staging, name); !done) return done.error();
    return files.exchange(staging, adapter);
}

Result<void> relabelAdapter(FileLayer& files, const DataRoot& root, const fs::path& adapter,
                            const std::string& name) {
    const auto names = plainFiles(adapter);
    if (!names) return relabel(files, adapter, name);
    if (auto done = clearImports(root, kFinetuned, files); !done) return done;
    const StagingFolder staging(root, kFinetuned, displayPath(adapter.filename()) + "-renamed");
    const auto exchanged = exchangeRelabelled(files, adapter, staging.path(), *names, name);
    (void)removeTree(files, staging.path()); // the copy, or what it has replaced
    if (!exchanged) return exchanged.error().within("the adapter of the run");
    return *exchanged ? files.syncDirectory(adapter.parent_path()) : relabel(files, adapter, name);
}

/// An empty folder of that name, which nobody else has.
Result<void> claimName(FileLayer& files, const fs::path& target, const std::string& name) {
    if (auto plain = checkPlainRunName("rename", name); !plain) return plain;
    auto made = files.makeDirectory(target);
    if (made || made.error().code != codes::kFileExists) return made;
    return Error{codes::kRunExists, "rename: a run called '" + name + "' is there already (" +
                                        displayPath(target) + "); choose another name"};
}

} // namespace

Result<RunInfo> renameRun(const RunInfo& run, const std::string& name, const RootLock& lock,
                          FileLayer& files) {
    const auto removing = lock.removing();
    const DataRoot& root = lock.root();
    auto found = readRun(run.path);
    if (!found) return found.error();
    if (found->record.state == RunState::Running) return runActiveError(*found);
    if (name == found->name) return found;
    const fs::path target = root.checkpoints() / name;
    if (auto claimed = claimName(files, target, name); !claimed) return claimed.error();
    const fs::path& adapter = found->record.adapterFolder;
    const bool hasAdapter = isAdapterOfRun(adapter, root.finetuned(), found->name);
    auto renamed = hasAdapter ? relabelAdapter(files, root, adapter, name) : Result<void>();
    if (renamed) {
        renamed = files.rename(found->path, target);
        if (!renamed && hasAdapter) (void)relabelAdapter(files, root, adapter, found->name);
    }
    if (!renamed) {
        (void)files.remove(target);
        return renamed.error();
    }
    if (auto done = files.syncDirectory(root.checkpoints()); !done) return done.error();
    return readRun(target);
}

} // namespace llamahome::jobs
