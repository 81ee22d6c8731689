// The files of one checkpoint folder: written, proved against the manifest, read. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>

#include "core/file_layer.h"
#include "core/result.h"
#include "llama/train_state.h"

namespace llamahome::jobs {

/// Writes all files of a checkpoint into an existing, empty folder, flushed; the manifest last.
Result<void> writeCheckpointFiles(FileLayer& files, const std::filesystem::path& folder,
                                  const engine::TrainState& state, const std::string& baseModel);

enum class CheckpointProof {
    Sizes,  ///< every file of the manifest is there with its size
    Hashes, ///< and has its SHA-256
};

/// CKPT-01 names the file, found against expected.
Result<void> verifyCheckpointFiles(const std::filesystem::path& folder, CheckpointProof proof);

/// Reads a verified folder; CKPT-01 where its files do not fit each other.
Result<engine::TrainState> readCheckpointFiles(const std::filesystem::path& folder);

} // namespace llamahome::jobs
