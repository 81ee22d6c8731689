#include "jobs/train/run_identity.h"

#include <algorithm>
#include <array>

#include <sys/stat.h>

#include "config/setting_descriptor.h"
#include "core/digest.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "core/machine.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Changing these may change what is kept or shown, never what is computed.
constexpr std::array<std::string_view, 8> kNotDecisive{"training.max_workers",
                                                       "training.checkpoint.every_steps",
                                                       "training.checkpoint.every_minutes",
                                                       "training.checkpoint.keep",
                                                       "training.evaluation.prompts",
                                                       "training.device",
                                                       "training.gradient_checkpointing",
                                                       "data.batch_rows"};

Error changed(const std::string& what, const std::string& found, const std::string& recorded) {
    return Error{codes::kRunChanged, "resume: " + what + " is not that of the run: found " + found +
                                         ", recorded " + recorded +
                                         "; bring it back, or start a new run with `llamahome train`"};
}

Result<void> checkSizes(const fs::path& folder, const Manifest& manifest) {
    for (const ManifestFile& file : manifest.files) {
        const auto size = fileSize(folder / file.path);
        if (!size) return size.error();
        if (*size != file.sizeBytes)
            return Error{codes::kModelDamaged, displayPath(folder / file.path) + ": found " +
                                                   std::to_string(*size) + " bytes, expected " +
                                                   std::to_string(file.sizeBytes) +
                                                   "; import the model again"};
    }
    return {};
}

Result<void> checkDataFile(const RunDataFile& recorded, const CancelToken& cancel,
                           const ProgressSink& progress) {
    const std::string what = "data file " + displayPath(recorded.path);
    const auto found = identifyDataFile(recorded.path, cancel, progress);
    if (!found && found.error().code == codes::kFileNotFound)
        return changed(what, "no file", "one of " + std::to_string(recorded.sizeBytes) + " bytes");
    if (!found) return found.error();
    if (found->sizeBytes != recorded.sizeBytes)
        return changed(what, std::to_string(found->sizeBytes) + " bytes",
                       std::to_string(recorded.sizeBytes) + " bytes");
    if (found->sha256 != recorded.sha256) return changed(what, "SHA-256 " + found->sha256, recorded.sha256);
    return {};
}

/// As the run began with it, or as it was changed last.
const std::string& lastValue(const RunRecord& record, const RunSetting& first) {
    const auto change = std::find_if(record.changes.rbegin(), record.changes.rend(),
                                     [&](const RunChange& c) { return c.key == first.key; });
    return change == record.changes.rend() ? first.value : change->to;
}

Result<void> checkSettings(const RunRecord& record, const config::Settings& settings) {
    for (const RunSetting& now : decisiveSettings(settings)) {
        const auto then = std::find_if(record.settings.begin(), record.settings.end(),
                                       [&](const RunSetting& s) { return s.key == now.key; });
        if (then == record.settings.end()) continue; // a setting that the run's version did not have
        const std::string& recorded = lastValue(record, *then);
        if (recorded != now.value)
            return changed("setting " + now.key, "'" + now.value + "'", "'" + recorded + "'");
    }
    return {};
}

} // namespace

Result<std::string> modelIdentity(const fs::path& folder, const CancelToken& cancel,
                                  const ProgressSink& progress) {
    auto manifest = readManifest(folder);
    if (manifest) {
        if (auto checked = checkSizes(folder, *manifest); !checked) return checked.error();
        return manifest->digest;
    }
    if (manifest.error().code != codes::kFileNotFound) return manifest.error();
    manifest = buildManifest(folder, {}, "", cancel, progress);
    if (!manifest) return manifest.error();
    return manifest->digest;
}

Result<RunDataFile> identifyDataFile(const fs::path& path, const CancelToken& cancel,
                                     const ProgressSink& progress) {
    const auto size = fileSize(path);
    if (!size) return size.error();
    const auto digest = sha256File(path, cancel, progress);
    if (!digest) return digest.error();
    std::error_code failure;
    const fs::path absolute = fs::absolute(path, failure).lexically_normal();
    return RunDataFile{failure ? path : absolute, *size, *digest};
}

FileWatch::FileWatch(const std::vector<fs::path>& files) {
    for (const fs::path& file : files)
        m_files.push_back({file, stampOf(file)});
}

Result<void> FileWatch::check() const {
    for (const Watched& file : m_files)
        if (stampOf(file.path) != file.stamp)
            return Error{codes::kDataChanged,
                         displayPath(file.path) +
                             ": the file was changed while it was read; start again when "
                             "nothing writes to it"};
    return {};
}

std::string FileWatch::stampOf(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    std::string stamp;
    for (const auto number :
         {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_mtim.tv_sec),
          static_cast<std::uint64_t>(status.st_mtim.tv_nsec)})
        stamp += std::to_string(number) + " ";
    return stamp;
}

Result<std::string> adapterIdentity(const fs::path& folder, const CancelToken& cancel) {
    Digest hash(DigestKind::Sha256);
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
        const auto digest = sha256File(folder / name, cancel);
        if (!digest) return digest.error();
        hash.update(std::string(name) + '\n' + *digest + '\n');
    }
    return hash.hex();
}

std::vector<RunSetting> decisiveSettings(const config::Settings& settings) {
    std::vector<RunSetting> decisive;
    for (const config::SettingDescriptor& setting : config::allSettings()) {
        const bool isPart = setting.key.starts_with("training.") || setting.key.starts_with("data.");
        const bool counts =
            std::find(kNotDecisive.begin(), kNotDecisive.end(), setting.key) == kNotDecisive.end();
        if (isPart && counts) decisive.push_back({setting.key, config::settingText(setting, settings)});
    }
    return decisive;
}

RunMachine machineOf(const engine::Engine& engine) {
    const engine::EngineInfo info = engine.info();
    return {info.libtorchVersion, cpuFeatures().name + ", " + info.cpuCapability, info.threads};
}

std::vector<RunChange> machineChanges(const RunRecord& record, const RunMachine& now,
                                      const std::string& programVersion) {
    std::vector<RunChange> changes;
    const auto compare = [&changes](const char* what, const std::string& then, const std::string& found) {
        if (!then.empty() && then != found) changes.push_back({0, what, then, found});
    };
    compare("program", record.programVersion, programVersion);
    if (record.machine.libtorch.empty()) return changes;
    compare("libtorch", record.machine.libtorch, now.libtorch);
    compare("processor", record.machine.processor, now.processor);
    compare("threads", std::to_string(record.machine.threads), std::to_string(now.threads));
    return changes;
}

Result<void> checkPrecision(const RunRecord& record, const std::string& found) {
    if (record.precision.empty() || record.precision == found) return {};
    return Error{codes::kRunChanged,
                 "resume: the precision of products is not that of the run: found " + found +
                     ", which auto means on this machine, recorded " + record.precision +
                     "; resume on a machine like that of the run, or start a new run with "
                     "`llamahome train`"};
}

Result<void> checkUnchanged(const RunRecord& record, const config::Settings& settings,
                            const CancelToken& cancel, const ProgressSink& progress) {
    if (auto same = checkSettings(record, settings); !same) return same;
    const auto digest = modelIdentity(record.modelFolder, cancel, progress);
    if (!digest && digest.error().code == codes::kFileNotFound)
        return changed("the base " + displayPath(record.modelFolder), "nothing there", record.modelDigest);
    if (!digest) return digest.error();
    if (*digest != record.modelDigest)
        return changed("the base " + displayPath(record.modelFolder), *digest, record.modelDigest);
    std::vector<RunDataFile> files = record.dataFiles;
    if (record.validationFile) files.push_back(*record.validationFile);
    for (const RunDataFile& file : files)
        if (auto same = checkDataFile(file, cancel, progress); !same) return same;
    return {};
}

} // namespace llamahome::jobs
