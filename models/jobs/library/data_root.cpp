#include "jobs/library/data_root.h"

#include "core/error_codes.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

Result<DataRoot> checkedRoot(const fs::path& path, const std::string& origin) {
    std::error_code failure;
    const fs::path absolute = fs::absolute(path, failure).lexically_normal();
    if (failure)
        return Error{codes::kRootUnknown,
                     origin + ": " + displayPath(path) + " names no folder; give a full path",
                     failure.message()};
    const fs::file_status status = fs::status(absolute, failure);
    if (fs::exists(status) && !fs::is_directory(status))
        return Error{codes::kRootNoFolder, origin + ": found a file at " + displayPath(absolute) +
                                               ", expected a folder; name another one"};
    // "/models/" and "/models" are one root.
    return DataRoot{absolute.has_filename() ? absolute : absolute.parent_path(), {}};
}

} // namespace

fs::path DataRoot::models() const {
    return path / "data" / "models";
}

std::vector<fs::path> DataRoot::modelPlaces() const {
    std::vector<fs::path> places{models()};
    places.insert(places.end(), libraries.begin(), libraries.end());
    return places;
}

fs::path DataRoot::finetuned() const {
    return models() / "finetuned";
}

fs::path DataRoot::samples() const {
    return path / "data" / "training" / "samples";
}

fs::path DataRoot::processed() const {
    return path / "data" / "training" / "processed";
}

fs::path DataRoot::checkpoints() const {
    return path / "data" / "training" / "checkpoints";
}

fs::path DataRoot::components() const {
    return path / "data" / "components";
}

fs::path DataRoot::chats() const {
    return path / "data" / "chats";
}

Result<DataRoot> resolveDataRoot(const std::optional<fs::path>& option,
                                 const config::Environment& environment, const std::string& configured) {
    if (option && !option->empty()) return checkedRoot(*option, "--root");
    if (const std::string value = config::environmentValue(environment, "LLAMAHOME_ROOT"); !value.empty())
        return checkedRoot(value, "LLAMAHOME_ROOT");
    if (!configured.empty()) return checkedRoot(configured, "model.data_root");
    const fs::path platform = config::platformDataFolder(environment);
    if (platform.empty())
        return Error{codes::kRootUnknown,
                     "the data folder: found neither XDG_DATA_HOME nor HOME; set one, or "
                     "name a folder with --root DIR or LLAMAHOME_ROOT"};
    return checkedRoot(platform, "the platform's data folder");
}

std::vector<std::string> rootWords(const DataRoot& root, const config::Environment& environment,
                                   const std::string& configured) {
    const auto usual = resolveDataRoot({}, environment, configured);
    if (usual && usual->path == root.path) return {};
    return {"--root", displayPath(root.path)};
}

Result<void> createDataFolders(FileLayer& files, const DataRoot& root) {
    for (const fs::path& folder :
         {root.models(), root.finetuned(), root.samples(), root.processed(), root.checkpoints()})
        if (auto made = files.makeDirectories(folder); !made) return made.error().within("the data folder");
    return {};
}

} // namespace llamahome::jobs
