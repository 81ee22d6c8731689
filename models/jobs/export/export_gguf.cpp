#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/library/output_place.h"

namespace llamahome::jobs {

Result<formats::GgufExport> planGguf(const ExportRequest& request, ExportSource& source,
                                     const ExportChat& chat) {
    return formats::GgufExport::plan(request.base.path, source.weights(),
                                     {request.type,
                                      request.adapter ? request.adapter->name : request.base.name,
                                      request.base.licence,
                                      chat.text,
                                      {chat.endTokens.begin(), chat.endTokens.end()}});
}

Result<std::uint64_t> forecastGguf(const ExportRequest& request) {
    const auto chat = exportChatOf(request);
    if (!chat) return chat.error();
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    const auto plan = planGguf(request, **source, *chat);
    if (!plan) return plan.error();
    return plan->fileBytes();
}

Result<ExportResult> exportGguf(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                const CancelToken& cancel, const ProgressSink& progress) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    auto plan = planGguf(request, **source, chat);
    if (!plan) return plan.error();
    const auto target = checkOutputFile(request.target, plan->fileBytes());
    if (!target) return target.error();
    if (auto made = files.makeDirectories(target->parent_path()); !made) return made.error();
    if (auto written = plan->write(files, *target, packingThreads(), cancel, progress); !written)
        return written.error();
    std::vector<std::string> notes = (*source)->notes();
    notes.insert(notes.end(), plan->notes().begin(), plan->notes().end());
    return ExportResult{*target, plan->fileBytes(), std::move(notes)};
}

} // namespace llamahome::jobs
