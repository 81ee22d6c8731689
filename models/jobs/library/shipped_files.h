// Where the files lie that come with the program: settings, catalogue, sample data. Any thread.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace llamahome::jobs {

/// The folder that holds `.config/` and `resources/samples/`: ../share/llamahome of an installed program, or
/// the source tree of one that was built in it.
struct ShippedFiles {
    std::filesystem::path folder;

    std::filesystem::path config() const { return folder / ".config"; }
    std::filesystem::path catalog() const { return config() / "models.json"; }
    std::filesystem::path samples() const { return folder / "resources" / "samples"; }
};

/// For the running program. ROOT-04 lists the folders that were tried.
Result<ShippedFiles> findShippedFiles();
/// The same for a program at `executable`.
Result<ShippedFiles> findShippedFiles(const std::filesystem::path& executable);

} // namespace llamahome::jobs
