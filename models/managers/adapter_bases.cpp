#include "managers/adapter_bases.h"

#include <algorithm>
#include <iterator>

#include "jobs/library/model_spec.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

constexpr qsizetype kMostShown = 120;

/// Without what would turn, break or hide a line; a file may hold anything.
std::string shownName(const std::string& base) {
    const QString text = toQt(base);
    QString shown;
    std::copy_if(text.begin(), text.end(), std::back_inserter(shown), [](QChar c) { return c.isPrint(); });
    if (shown.size() > kMostShown) shown = shown.left(kMostShown) + u'…';
    return fromQt(shown);
}

} // namespace

std::map<std::string, AdapterBase> readAdapterBases(const std::vector<jobs::ModelEntry>& models,
                                                    const std::vector<jobs::ModelEntry>& adapters) {
    std::vector<jobs::ModelEntry> usable;
    std::copy_if(models.begin(), models.end(), std::back_inserter(usable),
                 [](const jobs::ModelEntry& entry) { return entry.isUsable(); });
    std::map<std::string, AdapterBase> bases;
    for (const jobs::ModelEntry& adapter : adapters) {
        const auto base = jobs::baseNameOfAdapter(adapter);
        if (!base) continue;
        const jobs::ModelEntry* found = jobs::baseAmong(usable, adapter, *base);
        bases[adapter.name] =
            found == nullptr ? AdapterBase{shownName(*base), false} : AdapterBase{found->name, true};
    }
    return bases;
}

} // namespace llamahome::managers
