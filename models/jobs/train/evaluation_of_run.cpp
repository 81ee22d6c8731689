#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/train/evaluate_model.h"
#include "jobs/train/run_identity.h"

namespace llamahome::jobs {
namespace {

/// RUN-08 where a file is not what the run had.
Result<void> checkSame(const RunInfo& run, const RunDataFile& recorded, const CancelToken& cancel,
                       const ProgressSink& progress) {
    const auto found = identifyDataFile(recorded.path, cancel, progress);
    if (!found) return found.error();
    if (found->sha256 == recorded.sha256) return {};
    return Error{codes::kRunChanged,
                 "run '" + run.name + "': " + displayPath(recorded.path) +
                     " is not what it trained with: found " + found->sha256.substr(0, 12) + ", recorded " +
                     recorded.sha256.substr(0, 12) + "; put the file back, or choose a file with --data"};
}

/// The rows that the run kept from training.
Result<HeldOutSource> ownRows(const RunInfo& run, const config::Settings& settings, const CancelToken& cancel,
                              const ProgressSink& progress) {
    const RunRecord& record = run.record;
    std::vector<RunDataFile> recorded = record.dataFiles;
    HeldOutSource source;
    if (record.validationFile) {
        recorded = {*record.validationFile};
    } else {
        source.share = HeldOutShare{settings.training.validation_split,
                                    static_cast<std::uint64_t>(settings.training.seed)};
        if (settings.training.validation_split <= 0.0 || recorded.empty())
            return Error{codes::kNoTrainingRows,
                         "run '" + run.name +
                             "': found no rows that it kept from training, expected some; choose a file "
                             "with --data"};
    }
    for (const RunDataFile& file : recorded) {
        if (auto same = checkSame(run, file, cancel, progress); !same) return same.error();
        source.files.push_back(file.path);
    }
    return source;
}

} // namespace

Result<EvaluateRequest> evaluationOfRun(const RunInfo& run, const std::optional<std::filesystem::path>& file,
                                        const CancelToken& cancel, const ProgressSink& progress) {
    const RunRecord& record = run.record;
    if (record.state == RunState::Running)
        return Error{codes::kRunActive,
                     "run '" + run.name + "': found it running, expected it to be at rest; wait for its end"};
    if (record.adapterFolder.empty() || !isThere(record.adapterFolder))
        return Error{codes::kRunDamaged, "run '" + run.name +
                                             "': found no finished adapter of it, expected one; go on with "
                                             "`llamahome resume " +
                                             run.name + "`"};
    auto settings = readRunSettings(run);
    if (!settings) return settings.error();
    EvaluateRequest request;
    request.modelFolder = record.modelFolder;
    request.adapter = AdapterChoice{record.adapterFolder, 1.0};
    request.alsoBase = true;
    request.asTrained = !file;
    request.source.files = {file.value_or(std::filesystem::path())};
    if (!file) {
        auto own = ownRows(run, *settings, cancel, progress);
        if (!own) return own.error();
        request.source = std::move(*own);
    }
    request.settings = std::move(*settings);
    request.settings.model.precision =
        record.precision.empty() ? request.settings.training.precision : record.precision;
    request.settings.model.quant = request.settings.training.quantize;
    return request;
}

} // namespace llamahome::jobs
