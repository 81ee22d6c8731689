#include "jobs/merge_model.h"

#include "core/error_codes.h"
#include "formats/hub_weights.h"
#include "formats/merged_weights.h"
#include "formats/model_weights.h"
#include "jobs/copy_file.h"
#include "jobs/finished_adapter.h"
#include "jobs/folder_files.h"
#include "jobs/import_source.h"
#include "jobs/model_card.h"
#include "jobs/model_checks.h"
#include "jobs/output_place.h"
#include "jobs/turn_end_check.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kCardName = "README.md";
constexpr std::uint64_t kCardBytes = 1U << 20; ///< card and record, more than they ever need

/// Whether a file of the base goes along as it is.
bool isTakenAlong(std::string_view name) {
    return belongsToModel(name) && !name.ends_with(".safetensors") &&
           name != "model.safetensors.index.json" && name != kCardName;
}

std::vector<fs::path> takenAlong(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure))
        if (one->is_regular_file(failure) && isTakenAlong(displayPath(one->path().filename())))
            paths.push_back(one->path());
    return paths;
}

Result<formats::PeftAdapter> scaledAdapter(const MergeRequest& request) {
    auto adapter = formats::readPeftAdapter(request.adapter.path);
    if (adapter) adapter->alpha *= request.scale;
    return adapter;
}

} // namespace

Result<std::uint64_t> forecastMerge(const MergeRequest& request) {
    const auto weights = formats::openModelWeights(request.base.path);
    if (!weights) return weights.error();
    std::uint64_t bytes = kCardBytes;
    for (const formats::TensorInfo& tensor : (*weights)->tensors())
        bytes += tensor.byteSize();
    for (const fs::path& path : takenAlong(request.base.path)) {
        const auto size = fileSize(path);
        if (!size) return size.error();
        bytes += *size;
    }
    return bytes;
}

Result<ExportResult> mergeModel(const MergeRequest& request, FileLayer& files, const CancelToken& cancel,
                                const ProgressSink& progress) {
    const auto bytes = forecastMerge(request);
    if (!bytes) return bytes.error();
    const auto adapter = scaledAdapter(request);
    if (!adapter) return adapter.error();
    const auto base = formats::openModelWeights(request.base.path);
    if (!base) return base.error();
    auto merged = formats::MergedWeights::of(**base, *adapter);
    if (!merged) return merged.error();
    const auto record = readTrainingRecord(request.adapter.path);
    if (!record) return record.error();
    auto place = OutputPlace::prepare(files, request.target, *bytes);
    if (!place) return place.error();

    for (const fs::path& path : takenAlong(request.base.path))
        if (auto copied = copyFile(files, path, place->folder() / path.filename(), cancel, {}); !copied)
            return copied.error();
    const CardSubject subject{displayPath(place->target().filename()), false, request.base, *record};
    if (auto card = writeFileAtomically(files, place->folder() / kCardName, modelCard(subject)); !card)
        return card.error();
    if (!record->empty())
        if (auto done = writeFileAtomically(files, place->folder() / kTrainingRecordName, *record); !done)
            return done.error();
    auto written = formats::writeHubWeights(files, place->folder(), *merged, "merging", cancel, progress);
    if (!written) return written.error();
    if (auto checked = checkModelFolder(place->folder()); !checked) return checked.error();
    const auto turnEnd = checkTurnEnd(place->folder());
    if (!turnEnd) return turnEnd.error();
    if (auto published = place->publish(); !published) return published.error();
    const auto size = bytesBelow(place->target());
    return ExportResult{place->target(), size, *turnEnd};
}

} // namespace llamahome::jobs
