#include "managers/adapter_bases.h"

#include <algorithm>

#include "core/file_layer.h"
#include "core/json.h"
#include "formats/peft_config.h"

namespace llamahome::managers {
namespace {

bool isBase(const jobs::ModelEntry& entry, const std::string& base) {
    return entry.hubId == base || displayPath(entry.path) == base || entry.name == base;
}

} // namespace

std::map<std::string, std::string> readAdapterBases(const std::vector<jobs::ModelEntry>& models,
                                                    const std::vector<jobs::ModelEntry>& adapters) {
    std::map<std::string, std::string> bases;
    for (const jobs::ModelEntry& adapter : adapters) {
        const auto json = readJsonFile(adapter.path / "adapter_config.json");
        if (!json) continue;
        const auto config = formats::parsePeftConfig(*json, adapter.name);
        if (!config) continue;
        std::string& base = bases[adapter.name];
        if (config->baseModel.empty()) continue;
        const auto found = std::find_if(models.begin(), models.end(), [&](const jobs::ModelEntry& entry) {
            return entry.isUsable() && isBase(entry, config->baseModel);
        });
        if (found != models.end()) base = found->name;
    }
    return bases;
}

} // namespace llamahome::managers
