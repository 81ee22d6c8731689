#include "app/commands/use_model.h"

#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/error_codes.h"

namespace llamahome::app {

void addUseOptions(CommandSpec& command, UseOptions& options, GlobalOptions& global) {
    addModelWords(command, options.model);
    command.value("--adapter", "ADAPTER",
                  "name from 'models' or a folder; ADAPTER:SCALE for less or more of it", options.adapter,
                  ValueKind::Folder);
    command.value("--scale", "F", "how much of the adapter: 1 as trained, 0 the base exactly", options.scale);
    addSettingOptions(command, modelOptions(), global);
}

Result<std::optional<jobs::AdapterChoice>> adapterOf(CommandContext& context, const UseOptions& options) {
    if (!options.adapter) {
        if (options.scale) return Error{codes::kUsage, "--scale: found no --adapter, expected one to scale"};
        return std::optional<jobs::AdapterChoice>{};
    }
    auto parsed = jobs::parseAdapterOption(*options.adapter);
    if (!parsed) return parsed.error();
    if (options.scale) {
        const auto scaled = jobs::parseAdapterOption(parsed->nameOrFolder + ":" + *options.scale);
        if (!scaled) return scaled.error().within("--scale");
        parsed->scale = scaled->scale;
    }
    const auto library = context.library();
    if (!library) return library.error();
    const auto entry = jobs::resolveAdapter(**library, parsed->nameOrFolder);
    if (!entry) return entry.error();
    return std::optional(jobs::AdapterChoice{entry->path, parsed->scale});
}

Result<jobs::ModelEntry> modelOf(CommandContext& context, const UseOptions& options) {
    if (!options.adapter) return context.model(options.model, jobs::ModelUse::Chat);
    const auto adapter = jobs::parseAdapterOption(*options.adapter);
    if (!adapter) return adapter.error();
    return context.model(options.model, jobs::ModelUse::Chat, adapter->nameOrFolder);
}

Result<ModelInUse> useModel(CommandContext& context, const UseOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto entry = modelOf(context, options);
    if (!entry) return entry.error();
    const auto adapter = adapterOf(context, options);
    if (!adapter) return adapter.error();
    const auto engine = context.engine((*settings)->values.model.device);
    if (!engine) return engine.error();
    const config::Settings& values = (*settings)->values;
    ProgressPrinter progress(context.output(), context.clock());
    auto open = jobs::openModel(**engine, context.files(), entry->path, *adapter,
                                {values.model.precision, values.model.quant, values.data.template_name},
                                context.cancel(), progress.sink());
    if (!open) return open.error();
    return ModelInUse{*entry, *adapter, std::move(*open)};
}

} // namespace llamahome::app
