// Further folders with models: which are there, what lies in those that are not, and the room on each drive.
// Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::jobs {

/// What is known of a model while its drive is away.
struct KnownModel {
    std::string family;
    std::string version;
    std::string hubId;
    std::uint64_t sizeBytes = 0;
};

/// One of DataRoot::modelPlaces().
struct ModelPlace {
    std::filesystem::path path;
    bool isAway = false;                    ///< not there, or another drive's folder has taken its path
    std::optional<std::uint64_t> freeBytes; ///< that the caller may write there
    std::vector<KnownModel> models;         ///< of one that is away: as it was last seen
};

/// Those that are away; quick, since no model is looked at.
std::vector<ModelPlace> placesAway(const DataRoot& root);

/// All of them, the root's own first, with the models of those that are away only: none is looked at.
std::vector<ModelPlace> roomOfPlaces(const DataRoot& root);
/// The same with all models. Reads the disk afresh.
std::vector<ModelPlace> modelPlaces(const DataRoot& root);

/// Writes down what lies in the folders that are there, for the time when they are away; nothing where that
/// has not changed. Whoever lists or changes models calls it; that it fails must not keep other work from
/// being done.
Result<void> rememberPlaces(FileLayer& files, const DataRoot& root);

/// Makes a folder one that can be told from another drive's at the same path: what writes models there calls
/// it first. LIB-09 where it is away.
Result<void> claimPlace(FileLayer& files, const DataRoot& root, const std::filesystem::path& place);

} // namespace llamahome::jobs
