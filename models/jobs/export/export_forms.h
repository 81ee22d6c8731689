// Each form of export by itself; exportModel() chooses, and knows how the result is talked to (ExportChat).
// Not on the GUI thread.
#pragma once

#include "formats/gguf/hub_to_gguf.h"
#include "jobs/export/export_chat.h"
#include "jobs/export/export_model.h"

namespace llamahome::jobs {

class ExportSource;

Result<std::uint64_t> forecastHub(const ExportRequest& request);
Result<ExportResult> exportHub(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                               const CancelToken& cancel, const ProgressSink& progress);

Result<std::uint64_t> forecastPeft(const ExportRequest& request);
Result<ExportResult> exportPeft(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                const CancelToken& cancel);

Result<std::uint64_t> forecastGguf(const ExportRequest& request);
Result<ExportResult> exportGguf(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                const CancelToken& cancel, const ProgressSink& progress);

/// All cores of the machine, for packing a GGUF file: its bytes are the same on any number.
formats::ParallelFor packingThreads();

/// The GGUF file of the request: how it is packed, and what it says of itself. `source` outlives it.
Result<formats::GgufExport> planGguf(const ExportRequest& request, ExportSource& source,
                                     const ExportChat& chat);

Result<std::uint64_t> forecastOllama(const ExportRequest& request);
Result<ExportResult> exportOllama(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                  const CancelToken& cancel, const ProgressSink& progress);

Result<std::uint64_t> forecastGgufAdapter(const ExportRequest& request);
Result<ExportResult> exportGgufAdapter(const ExportRequest& request, FileLayer& files);

} // namespace llamahome::jobs
