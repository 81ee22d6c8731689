#include "core/error_codes.h"
#include "formats/hub/hub_names.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/model_card.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/output_place.h"
#include "jobs/train/finished_adapter.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Whether a file of the adapter goes along as it is; its record is written with the card.
bool isTakenAlong(std::string_view name) {
    return belongsToAdapter(name) && name != kTrainingRecordName;
}

} // namespace

Result<std::uint64_t> forecastPeft(const ExportRequest& request) {
    if (!request.adapter) return Error{codes::kExportKind, "found no adapter, expected the one to write"};
    if (request.scale != 1.0)
        return Error{codes::kExportKind,
                     "found a scale, which an adapter's files do not hold; merge the adapter "
                     "with that scale instead"};
    const auto along = filesOf(request.adapter->path, isTakenAlong);
    if (!along) return along.error();
    return sizeOf(*along);
}

Result<ExportResult> exportPeft(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                const CancelToken& cancel) {
    const auto bytes = forecastPeft(request);
    if (!bytes) return bytes.error();
    const auto adapter = formats::readPeftAdapter(request.adapter->path);
    if (!adapter) return adapter.error();
    const auto record = readTrainingRecord(request.adapter->path);
    if (!record) return record.error();
    auto place = OutputPlace::prepare(files, request.target, *bytes);
    if (!place) return place.error();
    const auto along = filesOf(request.adapter->path, isTakenAlong);
    if (!along) return along.error();
    for (const fs::path& path : *along)
        if (auto copied = copyFile(files, path, place->folder() / path.filename(), cancel, {}); !copied)
            return copied.error();
    // An adapter of our own brings its base's tokenizer: other programs take the template from beside it.
    std::error_code ignored;
    if (fs::exists(place->folder() / formats::kTokenizerConfig, ignored))
        if (auto done = writeChat(files, place->folder(), chat); !done) return done.error();
    const CardSubject subject{
        displayPath(place->target().filename()), CardForm::Adapter, true, request.base, *record, chat.name};
    if (auto done = writeCard(files, place->folder(), subject); !done) return done.error();
    if (auto published = place->publish(); !published) return published.error();
    return ExportResult{place->target(), bytesBelow(place->target())};
}

} // namespace llamahome::jobs
