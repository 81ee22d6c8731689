#include "app/setup.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "jobs/system/cuda_component.h"
#include "llama/engine_loader.h"

namespace llamahome::app {
namespace fs = std::filesystem;

Result<config::SettingsSources> settingsSources(const GlobalOptions& options,
                                                const config::Environment& environment,
                                                const jobs::ShippedFiles& shipped) {
    config::SettingsSources sources;
    sources.shippedFolder = shipped.config();
    sources.userFolder = config::userConfigFolder(environment);
    sources.preset = options.preset.value_or("");
    sources.configFile = options.configFile.value_or("");
    sources.environment = environment;
    sources.hasValidationFile = options.hasValidationFile;
    std::error_code ignored;
    sources.workingFolder = fs::current_path(ignored);
    for (const std::string& pair : options.sets) {
        const auto option = config::parseOptionPair(pair);
        if (!option) return option.error();
        sources.options.push_back(*option);
    }
    if (options.logLevel)
        for (const char* key : {"logging.levels.default", "logging.stderr_level"})
            sources.options.push_back({key, *options.logLevel, "--log-level"});
    sources.options.insert(sources.options.end(), options.settings.begin(), options.settings.end());
    return sources;
}

Result<jobs::DataRoot> dataRoot(const GlobalOptions& options, const config::Environment& environment,
                                const config::Settings& settings) {
    std::optional<fs::path> option;
    if (options.root) option = *options.root;
    auto root = jobs::resolveDataRoot(option, environment, settings.model.data_root);
    if (!root) return root;
    for (const std::string& folder : settings.model.library_folders)
        root->libraries.push_back(fs::path(folder).lexically_normal());
    return root;
}

std::shared_ptr<ProgramLog> openProgramLog(const config::LoggingSettings& settings,
                                           const config::Environment& environment, FileLayer& files,
                                           bool toStderr,
                                           const std::function<void(const std::string&)>& warn) {
    const fs::path folder = config::platformStateFolder(environment);
    if (!folder.empty()) {
        auto opened = ProgramLog::open(files, settings, folder / "llamahome.log", toStderr);
        if (opened) return std::move(*opened);
        warn(opened.error().message);
    }
    return ProgramLog::withoutFile(settings, toStderr);
}

Result<std::unique_ptr<engine::Engine>> openEngine(int threads, const jobs::DataRoot& root) {
    auto opened = engine::openEngine(moduleFolders(), jobs::cudaRuntime(root, jobs::cudaComponent()));
    if (!opened) return opened.error();
    if (auto set = (*opened)->setThreads(threads); !set) return set.error();
    return opened;
}

} // namespace llamahome::app
