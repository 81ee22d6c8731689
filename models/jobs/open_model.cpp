#include "jobs/open_model.h"

#include "core/error_codes.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/chat_template_choice.h"
#include "jobs/quantised_cache.h"

namespace llamahome::jobs {

Result<void> checkDevice(const std::string& device) {
    if (!device.starts_with("cuda")) return {};
    return Error{codes::kNoDevice, "device: found " + device +
                                       ", expected auto or cpu: this version computes on the processor only; "
                                       "choose one of these with --device DEVICE"};
}

engine::Precision precisionOf(const std::string& name) {
    if (name == "bf16") return engine::Precision::Bf16;
    if (name == "fp32") return engine::Precision::Fp32;
    return engine::Precision::Auto;
}

std::string precisionName(engine::Precision precision) {
    switch (precision) {
    case engine::Precision::Bf16:
        return "bf16";
    case engine::Precision::Fp32:
        return "fp32";
    case engine::Precision::Auto:
        break;
    }
    return "auto";
}

Result<OpenModel> openModel(engine::Engine& engine, FileLayer& files, const std::filesystem::path& folder,
                            const std::optional<AdapterChoice>& adapter, const OpenOptions& options,
                            const CancelToken& cancel, const ProgressSink& progress) {
    // Small things first: what is wrong with them is known before the weights are read.
    auto tokenizer = text::Tokenizer::load(folder);
    if (!tokenizer) return tokenizer.error();
    auto chatTemplate = chosenTemplate(folder, options.templateName);
    if (!chatTemplate) return chatTemplate.error();
    std::optional<formats::PeftAdapter> weights;
    if (adapter) {
        auto read = formats::readPeftAdapter(adapter->folder);
        if (!read) return read.error();
        weights = std::move(*read);
    }
    engine::LoadOptions load{precisionOf(options.precision), cancel, progress};
    load.quantisation = formats::quantisationOfSetting(options.quantise);
    load.int8Products = formats::wantsInt8Products(options.quantise);
    if (load.quantisation) {
        auto cache = quantisedCache(files, folder, *load.quantisation, cancel, progress);
        if (!cache) return cache.error();
        load.quantisedFile = std::move(*cache);
    }
    auto model = engine.loadModel(folder, load);
    if (!model) return model.error();
    if (weights) {
        if (auto set = (*model)->setAdapter(*weights); !set) return set.error();
        (*model)->setAdapterScale(adapter->scale);
    }
    auto stopping = tokenizer->endingAlsoWith(chatTemplate->answerEnds());
    return OpenModel{std::move(*model), std::move(stopping), std::move(*chatTemplate)};
}

} // namespace llamahome::jobs
