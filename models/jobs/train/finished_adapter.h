// The finished adapter of a run: data/models/finetuned/<family>_<version>_finetuned[-n]/, whole or invisible.
// Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/data_root.h"
#include "jobs/train/run_record.h"

namespace llamahome::jobs {

/// How an adapter was trained, in its folder.
inline constexpr const char* kTrainingRecordName = "training_record.yaml";

/// What training_record.yaml tells besides the run's record and settings. No time of day: the same run gives
/// the same bytes.
struct TrainingResult {
    std::string end; ///< "finished", "stopped early", "interrupted"
    std::int64_t adapterStep = 0;
    std::int64_t steps = 0;
    std::int64_t totalSteps = 0;
    double epochs = 0.0;
    std::uint64_t trainedTokens = 0;
    std::optional<double> trainLoss;
    std::optional<double> firstEvalLoss;
    std::optional<double> adapterEvalLoss;
};

struct AdapterRequest {
    std::string runName;
    RunRecord record;
    config::Settings settings;
    TrainingResult result;
    formats::PeftAdapter adapter; ///< finite; else TRAIN-01
    /// Told the folder before a new adapter appears under that name; an error ends the writing. What it keeps
    /// is record.adapterFolder of the next part of the run, wherever this one is cut off.
    std::function<Result<void>(const std::filesystem::path&)> announce = {};
};

/// Whether a file of that name is one of those that a finished adapter is made of, its manifest aside.
bool belongsToAdapter(std::string_view name);

/// Whether that folder, right in `finetuned`, is the adapter which the run of that name left.
bool isAdapterOfRun(const std::filesystem::path& folder, const std::filesystem::path& finetuned,
                    const std::string& runName);

/// Writes adapter files, copies of the base's tokenizer files, training_record.yaml and, last, the manifest
/// into a staging folder and renames it. The adapter that an earlier part of the same run left
/// (record.adapterFolder) is replaced by one exchange of names; any other of the name stays and the next
/// number is taken. Whenever the process ends, the earlier adapter or the new one is there whole. Where names
/// cannot be exchanged, the new one stands as <name>-resumed until the earlier one is out of its way.
Result<std::filesystem::path> writeFinishedAdapter(FileLayer& files, const DataRoot& root,
                                                   const AdapterRequest& request);

} // namespace llamahome::jobs
