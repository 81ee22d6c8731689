// CheckpointStore: TrainStates on disk, each whole or not there. One writer; not on the GUI thread.
//
// checkpoints/step-000120/ has adapter_config.json, adapter_model.safetensors, optimizer.safetensors,
// train_state.json and, written last, manifest.json with sizes and SHA-256. It is made in a sibling ".tmp"
// folder, flushed and renamed; only then older ones go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "llama/train_state.h"

namespace llamahome::jobs {

struct LoadedCheckpoint {
    std::filesystem::path folder;
    engine::TrainState state;
    std::vector<std::string> skipped; ///< newer ones that did not verify, one line each with the reason
};

class CheckpointStore {
public:
    /// `keep`: how many of the newest stay (at least 1); the best stays besides. `baseModel` is written into
    /// each adapter. `files` outlives the store.
    CheckpointStore(FileLayer& files, std::filesystem::path folder, int keep, std::string baseModel);

    /// Writes `state` as step-<step>, then rotates. A valid checkpoint of the same step is kept as it is,
    /// unless the evaluation that it still owed is done by now (or the other way round): then it is replaced.
    /// When this fails every earlier checkpoint is still there; when only the rotation fails the log says so.
    Result<std::filesystem::path> write(const engine::TrainState& state);

    /// The newest checkpoint whose manifest verifies, with the reasons why newer ones were passed over.
    /// CKPT-02 when there is none; its detail lists what was found.
    /// `lastStep`: of those of at most that step.
    Result<LoadedCheckpoint>
    loadNewest(std::int64_t lastStep = std::numeric_limits<std::int64_t>::max()) const;
    /// The checkpoint of that step; CKPT-01 when it is missing or does not verify.
    Result<LoadedCheckpoint> load(std::int64_t step) const;

    /// Removes all of a later step.
    Result<void> dropAfter(std::int64_t step);

    /// Steps that have a folder of the right name, ascending; not verified.
    std::vector<std::int64_t> steps() const;
    std::filesystem::path folderOf(std::int64_t step) const;

private:
    Result<void> replace(const std::filesystem::path& temporary, const std::filesystem::path& folder);
    Result<void> rotate(const engine::TrainState& newest);
    Result<void> clearLeftovers();

    FileLayer& m_files;
    std::filesystem::path m_folder;
    std::size_t m_keep;
    std::string m_baseModel;
};

/// Bytes of one checkpoint of an adapter with that many parameters: 3 · 4 · parameters (adapter and two
/// moments, fp32) and 64 KiB for names.
std::uint64_t checkpointBytes(std::uint64_t loraParameters);

} // namespace llamahome::jobs
