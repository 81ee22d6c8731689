#include "jobs/export_model.h"

#include "core/error_codes.h"
#include "core/machine.h"
#include "jobs/export_forms.h"
#include "jobs/in_parallel.h"
#include "jobs/model_card.h"
#include "jobs/turn_end_check.h"

namespace llamahome::jobs {
namespace {

Result<ExportResult> exportForm(const ExportRequest& request, FileLayer& files, const CancelToken& cancel,
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

formats::ParallelFor packingThreads() {
    const auto cores = static_cast<int>(cpuFeatures().cores);
    return [cores](std::size_t count, const std::function<void(std::size_t)>& work) {
        return inParallel(count, cores, work);
    };
}

Result<ExportResult> exportModel(const ExportRequest& request, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    const auto record =
        request.adapter ? readTrainingRecord(request.adapter->path) : Result<std::string>(std::string());
    if (!record) return record.error();
    const auto turnEnd = checkTurnEnd(request.base.path, *record);
    if (!turnEnd) return turnEnd.error();
    auto result = exportForm(request, files, cancel, progress);
    if (result) result->turnEnd = *turnEnd;
    return result;
}

} // namespace llamahome::jobs
