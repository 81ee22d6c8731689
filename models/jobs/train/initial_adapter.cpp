#include "jobs/train/initial_adapter.h"

#include <algorithm>
#include <cmath>

#include "core/error_codes.h"
#include "formats/hub/tensor_names.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::jobs {

Result<formats::PeftAdapter> readInitialAdapter(const std::filesystem::path& folder,
                                                const formats::ModelConfig& model) {
    auto adapter = formats::readPeftAdapter(folder);
    if (!adapter) return adapter;
    if (const auto plan = engine::planOf(model, *adapter); !plan)
        return plan.error().within(displayPath(folder));
    if (!adapter->biases.empty())
        return Error{codes::kAdapterUnsupported,
                     displayPath(folder) + ": found a trained bias for " + adapter->biases.front().module +
                         ", which is not trained here; merge the adapter and train the merged model"};
    if (!adapter->useRslora) return adapter;
    for (formats::LoraPair& pair : adapter->pairs)
        pair.alpha = adapter->scaling(pair) * static_cast<double>(pair.r);
    const auto rank = static_cast<double>(adapter->r);
    adapter->alpha = adapter->alpha / std::sqrt(rank) * rank;
    adapter->useRslora = false;
    return adapter;
}

void adoptShape(const formats::PeftAdapter& adapter, config::LoraSettings& lora) {
    lora.r = static_cast<int>(adapter.r);
    lora.alpha = adapter.alpha;
    lora.target_modules.clear();
    for (const std::string& module : formats::projectionModules()) {
        const std::string ending = "." + module;
        const auto has = [&](const formats::LoraPair& pair) { return pair.module.ends_with(ending); };
        if (std::any_of(adapter.pairs.begin(), adapter.pairs.end(), has))
            lora.target_modules.push_back(module.substr(module.find('.') + 1));
    }
}

} // namespace llamahome::jobs
