#include "jobs/import/import_lm_studio.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/sharded_weights.h"
#include "jobs/import/import_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFirstPart = "-00001-of-";

/// A model's own file: no encoder of pictures beside it, and of one in parts the first.
bool isModelFile(const fs::path& path) {
    const std::string name = lowerAscii(nameOf(path));
    const bool isLaterPart =
        name.find("-of-") != std::string::npos && name.find(kFirstPart) == std::string::npos;
    return name.ends_with(".gguf") && !name.starts_with("mmproj") && !isLaterPart;
}

Result<fs::path> modelIn(const fs::path& repository) {
    if (isFile(repository / "config.json")) return repository;
    std::vector<fs::path> files = entriesOf(repository);
    std::erase_if(files, [](const fs::path& path) { return !isFile(path) || !isModelFile(path); });
    if (files.empty()) return repository; // what is wrong with it is told by the import
    if (files.size() == 1) return files.front();
    std::string names;
    for (const fs::path& file : files)
        names += (names.empty() ? "" : ", ") + nameOf(file);
    return Error{codes::kImportSource, displayPath(repository) + ": found several models (" + names +
                                           "), expected one; name its file"};
}

} // namespace

Result<fs::path> lmStudioModel(const std::vector<fs::path>& folders, const fs::path& name) {
    const auto parts = std::distance(name.begin(), name.end());
    const bool isName = name.is_relative() && (parts == 2 || parts == 3) &&
                        std::all_of(name.begin(), name.end(), [](const fs::path& part) {
                            return formats::isPlainFileName(nameOf(part)) && !nameOf(part).starts_with('.');
                        });
    if (!isName) return fs::path();
    for (const fs::path& folder : folders) {
        const fs::path found = folder / name;
        std::error_code failure;
        if (parts == 3 && isFile(found)) return found;
        if (parts == 2 && fs::is_directory(found, failure)) return modelIn(found);
    }
    return fs::path();
}

} // namespace llamahome::jobs
