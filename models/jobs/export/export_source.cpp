#include "jobs/export/export_source.h"

#include "core/error_codes.h"
#include "formats/hub/model_weights.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/model_card.h"
#include "jobs/verify/adapter_fit.h"

namespace llamahome::jobs {

Result<formats::PeftAdapter> readScaledAdapter(const ExportRequest& request) {
    auto adapter = formats::readPeftAdapter(request.adapter->path);
    if (!adapter) return adapter;
    if (request.scale != 1.0 && !adapter->biases.empty())
        return Error{codes::kExportKind, "found a scale for the adapter " + request.adapter->name +
                                             ", which holds biases, and these have none; take it whole"};
    adapter->multiplyAlpha(request.scale);
    return adapter;
}

Result<std::unique_ptr<ExportSource>> ExportSource::open(const ExportRequest& request) {
    std::unique_ptr<ExportSource> source(new ExportSource());
    auto base = formats::openModelWeights(request.base.path);
    if (!base) return base.error();
    source->m_base = std::move(*base);
    if (request.adapter)
        if (auto merged = source->merge(request); !merged) return merged.error();
    if (request.format == ExportFormat::Hub && request.quantisation)
        source->m_quantised = std::make_unique<engine::QuantisingWeights>(
            source->weights(), *request.quantisation, packingThreads());
    return source;
}

Result<void> ExportSource::merge(const ExportRequest& request) {
    auto adapter = readScaledAdapter(request);
    if (!adapter) return adapter.error();
    auto record = readTrainingRecord(request.adapter->path);
    if (!record) return record.error();
    m_record = std::move(*record);
    const auto trained = trainedOn(request.base, *request.adapter, m_record, adapter->baseModel);
    if (!trained) return trained.error();
    if (trained->empty()) m_notes.push_back(baseDoubt(request.base, *request.adapter, adapter->baseModel));
    m_adapter = std::move(*adapter);
    auto merged = formats::MergedWeights::of(*m_base, *m_adapter);
    if (!merged) return merged.error();
    m_merged = std::move(*merged);
    return {};
}

std::uint64_t ExportSource::weightBytes() {
    std::uint64_t bytes = 0;
    for (const formats::TensorInfo& tensor : weights().tensors())
        bytes += tensor.byteSize();
    return bytes;
}

} // namespace llamahome::jobs
