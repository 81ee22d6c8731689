#include "core/error_codes.h"
#include "formats/gguf/lora_to_gguf.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/library/output_place.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace {

/// What a file with the adapter alone is made of.
struct AdapterAlone {
    formats::PeftAdapter adapter;
    formats::ModelConfig base;
    formats::GgufAdapterOptions options;
};

Result<AdapterAlone> adapterAlone(const ExportRequest& request) {
    if (!request.adapter) return Error{codes::kExportKind, "found no adapter, expected the one to write"};
    auto adapter = readScaledAdapter(request);
    if (!adapter) return adapter.error();
    auto base = checkConfiguration(request.base.path);
    if (!base) return base.error();
    return AdapterAlone{std::move(*adapter), std::move(*base), {request.type, request.adapter->name}};
}

} // namespace

Result<std::uint64_t> forecastGgufAdapter(const ExportRequest& request) {
    const auto alone = adapterAlone(request);
    if (!alone) return alone.error();
    return formats::ggufAdapterBytes(alone->adapter, alone->base, alone->options);
}

Result<ExportResult> exportGgufAdapter(const ExportRequest& request, FileLayer& files) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    const auto alone = adapterAlone(request);
    if (!alone) return alone.error();
    const auto bytes = formats::ggufAdapterBytes(alone->adapter, alone->base, alone->options);
    if (!bytes) return bytes.error();
    const auto target = checkOutputFile(request.target, *bytes);
    if (!target) return target.error();
    if (auto made = files.makeDirectories(target->parent_path()); !made) return made.error();
    auto written = formats::writeGgufAdapter(files, *target, alone->adapter, alone->base, alone->options);
    if (!written) return written.error();
    return ExportResult{*target, *bytes, (*source)->notes()};
}

} // namespace llamahome::jobs
