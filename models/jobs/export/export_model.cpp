#include "jobs/export/export_model.h"

#include "core/error_codes.h"
#include "core/machine.h"
#include "jobs/export/export_forms.h"
#include "jobs/in_parallel.h"
#include "jobs/library/output_place.h"

namespace llamahome::jobs {
namespace {

Result<ExportResult> exportForm(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                const CancelToken& cancel, const ProgressSink& progress) {
    switch (request.format) {
    case ExportFormat::Hub:
        return exportHub(request, chat, files, cancel, progress);
    case ExportFormat::Peft:
        return exportPeft(request, chat, files, cancel);
    case ExportFormat::Gguf:
        return exportGguf(request, chat, files, cancel, progress);
    case ExportFormat::GgufAdapter:
        return exportGgufAdapter(request, files);
    case ExportFormat::Ollama:
        return exportOllama(request, chat, files, cancel, progress);
    }
    return Error{codes::kInternal, "an export of no known form"};
}

} // namespace

Result<std::uint64_t> forecastExport(const ExportRequest& request) {
    switch (request.format) {
    case ExportFormat::Hub:
        return forecastHub(request);
    case ExportFormat::Peft:
        return forecastPeft(request);
    case ExportFormat::Gguf:
        return forecastGguf(request);
    case ExportFormat::GgufAdapter:
        return forecastGgufAdapter(request);
    case ExportFormat::Ollama:
        return forecastOllama(request);
    }
    return Error{codes::kInternal, "an export of no known form"};
}

Result<void> checkExportTarget(const ExportRequest& request, std::uint64_t bytes) {
    const bool isFile = request.format == ExportFormat::Gguf || request.format == ExportFormat::GgufAdapter;
    const auto checked =
        isFile ? checkOutputFile(request.target, bytes) : checkOutputFolder(request.target, bytes);
    return checked ? Result<void>() : checked.error();
}

formats::ParallelFor packingThreads() {
    const auto cores = static_cast<int>(cpuFeatures().cores);
    return [cores](std::size_t count, const std::function<void(std::size_t)>& work) {
        return inParallel(count, cores, work);
    };
}

Result<ExportResult> exportModel(const ExportRequest& request, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    const auto chat = exportChatOf(request);
    if (!chat) return chat.error();
    auto result = exportForm(request, *chat, files, cancel, progress);
    if (!result) return result;
    result->turnEnd = chat->found;
    result->notes.insert(result->notes.begin(), chat->notes.begin(), chat->notes.end());
    return result;
}

} // namespace llamahome::jobs
