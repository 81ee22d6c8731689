#include "jobs/import/adapter_base.h"

#include <algorithm>
#include <vector>

#include "formats/file_text.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/model_spec.h"
#include "jobs/verify/adapter_fit.h"

namespace llamahome::jobs {
namespace {

constexpr std::size_t kShownModels = 3;

/// What to know of an adapter whose own base is not there, and that fits these models.
std::string noteOf(const std::string& baseName, const std::vector<ModelEntry>& fitting) {
    std::string note = baseName.empty() ? "it names no base"
                                        : "its base " + formats::quotedText(baseName) + " is not installed";
    if (fitting.empty())
        return note + ", and it fits none of the installed models; import its base to use it";
    if (fitting.size() == 1)
        return note + "; " + fitting.front().name +
               " is taken for it, the only installed model whose shapes it fits";
    note += "; name the model to use it with, it fits ";
    for (std::size_t i = 0; i < std::min(kShownModels, fitting.size()); ++i)
        note += (i > 0 ? ", " : "") + fitting[i].name;
    return fitting.size() > kShownModels
               ? note + " and " + std::to_string(fitting.size() - kShownModels) + " more"
               : note;
}

} // namespace

Result<AdapterBase> findAdapterBase(const Library& library, const std::filesystem::path& folder) {
    const auto adapter = formats::readPeftAdapter(folder);
    if (!adapter) return adapter.error();
    std::vector<ModelEntry> fitting;
    for (ModelEntry& model : library.list()) {
        if (!model.isUsable()) continue;
        const auto fits = checkAdapterFits(model, folder, *adapter);
        if (isBase(model, adapter->baseModel)) {
            if (!fits) return fits.error().within("its base " + model.name);
            return AdapterBase{std::move(model), {}};
        }
        if (fits) fitting.push_back(std::move(model));
    }
    AdapterBase found{{}, noteOf(adapter->baseModel, fitting)};
    if (fitting.size() == 1) found.base = std::move(fitting.front());
    return found;
}

} // namespace llamahome::jobs
