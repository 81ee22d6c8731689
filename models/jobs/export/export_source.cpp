#include "jobs/export/export_source.h"

#include "core/error_codes.h"
#include "formats/hub/model_weights.h"
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
    if (!request.adapter) return source;
    auto adapter = readScaledAdapter(request);
    if (!adapter) return adapter.error();
    auto record = readTrainingRecord(request.adapter->path);
    if (!record) return record.error();
    source->m_record = std::move(*record);
    const auto trained = trainedOn(request.base, *request.adapter, source->m_record, adapter->baseModel);
    if (!trained) return trained.error();
    if (trained->empty())
        source->m_notes.push_back(baseDoubt(request.base, *request.adapter, adapter->baseModel));
    source->m_adapter = std::move(*adapter);
    auto merged = formats::MergedWeights::of(*source->m_base, *source->m_adapter);
    if (!merged) return merged.error();
    source->m_merged = std::move(*merged);
    return source;
}

std::uint64_t ExportSource::weightBytes() const {
    std::uint64_t bytes = 0;
    for (const formats::TensorInfo& tensor : m_base->tensors())
        bytes += tensor.byteSize();
    return bytes;
}

} // namespace llamahome::jobs
