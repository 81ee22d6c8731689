#include "jobs/export_source.h"

#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/hub/model_weights.h"
#include "jobs/finished_adapter.h"
#include "jobs/manifest.h"
#include "jobs/model_card.h"
#include "jobs/model_spec.h"

namespace llamahome::jobs {
namespace {

/// Digest of the base in a training record; empty where there is none.
std::string recordedDigest(const std::string& trainingRecord) {
    const config::YamlDocument record = config::parseYaml(trainingRecord, kTrainingRecordName);
    const config::YamlNode* const base = record.root.find("base");
    const config::YamlNode* const digest = base == nullptr ? nullptr : base->find("digest");
    return digest == nullptr ? std::string() : digest->text;
}

/// EXP-04 where the record of the training names another model. A note where nothing says that it is this
/// one.
Result<std::string> checkBase(const ExportRequest& request, const std::string& record,
                              const std::string& baseName) {
    const std::string trained = recordedDigest(record);
    const auto manifest = readManifest(request.base.path);
    if (!trained.empty() && manifest && manifest->digest == trained) return std::string();
    if (!trained.empty() && manifest)
        return Error{codes::kMergeRefused,
                     "the adapter " + request.adapter->name + " was trained on " +
                         (baseName.empty() ? "another model" : formats::quotedText(baseName)) +
                         ", whose files are others than those of " + request.base.name +
                         "; choose the model that it was trained on"};
    if (isBase(request.base, baseName)) return std::string();
    return "nothing says that " + request.adapter->name + " was trained on " + request.base.name +
           (baseName.empty() ? std::string() : "; it names " + formats::quotedText(baseName));
}

} // namespace

Result<std::unique_ptr<ExportSource>> ExportSource::open(const ExportRequest& request) {
    std::unique_ptr<ExportSource> source(new ExportSource());
    auto base = formats::openModelWeights(request.base.path);
    if (!base) return base.error();
    source->m_base = std::move(*base);
    if (!request.adapter) return source;
    auto adapter = formats::readPeftAdapter(request.adapter->path);
    if (!adapter) return adapter.error();
    auto record = readTrainingRecord(request.adapter->path);
    if (!record) return record.error();
    source->m_record = std::move(*record);
    const auto doubt = checkBase(request, source->m_record, adapter->baseModel);
    if (!doubt) return doubt.error();
    if (!doubt->empty()) source->m_notes.push_back(*doubt);
    adapter->alpha *= request.scale;
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
