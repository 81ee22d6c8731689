#include "jobs/export_model.h"

#include "core/error_codes.h"
#include "jobs/export_forms.h"

namespace llamahome::jobs {

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

Result<ExportResult> exportModel(const ExportRequest& request, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    switch (request.format) {
    case ExportFormat::Hub:
        return exportHub(request, files, cancel, progress);
    case ExportFormat::Peft:
        return exportPeft(request, files, cancel);
    case ExportFormat::Gguf:
        return exportGguf(request, files, cancel, progress);
    case ExportFormat::GgufAdapter:
        return exportGgufAdapter(request, files);
    case ExportFormat::Ollama:
        return exportOllama(request, files, cancel, progress);
    }
    return Error{codes::kInternal, "an export of no known form"};
}

} // namespace llamahome::jobs
