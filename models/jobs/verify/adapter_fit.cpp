#include "jobs/verify/adapter_fit.h"

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "jobs/export/model_card.h"
#include "jobs/library/manifest.h"
#include "jobs/library/model_spec.h"
#include "jobs/train/adapter_record.h"
#include "jobs/verify/model_checks.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::jobs {

Result<void> checkAdapterFits(const ModelEntry& base, const std::filesystem::path& folder,
                              const formats::PeftAdapter& adapter) {
    const auto config = checkConfiguration(base.path);
    if (!config) return config.error();
    const auto plan = engine::planOf(*config, adapter);
    return plan ? Result<void>() : Result<void>(plan.error().within(displayPath(folder)));
}

Result<std::string> trainedOn(const ModelEntry& base, const ModelEntry& adapter, const std::string& record,
                              const std::string& baseName) {
    const std::string trained = parseAdapterRecord(record).baseDigest;
    const auto manifest = readManifest(base.path);
    if (!trained.empty() && manifest && manifest->digest == trained)
        return "trained on " + base.name + ", on these very files";
    if (!trained.empty() && manifest)
        return Error{codes::kMergeRefused,
                     "the adapter " + adapter.name + " was trained on " +
                         (baseName.empty() ? "another model" : formats::quotedText(baseName)) +
                         ", whose files are others than those of " + base.name +
                         "; choose the model that it was trained on"};
    return isBase(base, baseName) ? "fits " + base.name + ", which it names" : std::string();
}

Result<std::string> checkTrainedOn(const ModelEntry& base, const ModelEntry& adapter,
                                   const std::string& baseName) {
    const auto record = readTrainingRecord(adapter.path);
    if (!record) return record.error();
    auto found = trainedOn(base, adapter, *record, baseName);
    if (found && found->empty()) return Error{codes::kMergeRefused, baseDoubt(base, adapter, baseName)};
    return found;
}

std::string baseDoubt(const ModelEntry& base, const ModelEntry& adapter, const std::string& baseName) {
    return "nothing says that " + adapter.name + " was trained on " + base.name +
           (baseName.empty() ? std::string() : "; it names " + formats::quotedText(baseName));
}

} // namespace llamahome::jobs
