#include "config/lm_studio.h"

#include "config/hub_token.h"
#include "core/file_layer.h"
#include "core/json.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr JsonLimits kLimits{32, 4U << 20};
constexpr std::uint64_t kMaxPointerBytes = 4096;
constexpr const char* kFolderKey = "downloadsFolder";

fs::path modelsOf(const fs::path& home) {
    const auto settings = readJsonFile(home / "settings.json", kLimits);
    if (settings && settings->is_object())
        if (const auto found = settings->find(kFolderKey); found != settings->end() && found->is_string())
            if (const fs::path folder = found->get<std::string>(); folder.is_absolute()) return folder;
    return home / "models";
}

} // namespace

std::vector<fs::path> lmStudioFolders(const Environment& environment) {
    const fs::path home = environmentValue(environment, "HOME");
    if (!home.is_absolute()) return {};
    std::vector<fs::path> folders;
    if (const auto pointer = readFile(home / ".lmstudio-home-pointer", kMaxPointerBytes))
        if (const fs::path named = trimmedToken(*pointer); named.is_absolute())
            folders.push_back(modelsOf(named));
    for (const char* name : {".lmstudio", ".cache/lm-studio"})
        folders.push_back(modelsOf(home / name));
    return folders;
}

} // namespace llamahome::config
