#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "config/hub_cache.h"
#include "config/lm_studio.h"
#include "config/ollama_store.h"
#include "core/quantity.h"
#include "jobs/import/import_model.h"

namespace llamahome::app {
namespace {

struct ImportOptions {
    std::optional<std::string> path;
    std::vector<std::string> name;
    bool link = false;
    bool replace = false;
};

jobs::ImportRequest requestOf(const ImportOptions& options) {
    jobs::ImportRequest request;
    request.source = options.path.value_or("");
    request.link = options.link;
    request.replace = options.replace;
    if (!options.name.empty()) request.family = options.name.front();
    if (options.name.size() > 1) request.version = options.name[1];
    return request;
}

/// What to type next, with what was imported.
std::string nextCommand(const jobs::ImportResult& imported) {
    if (imported.entry.kind != jobs::kAdapterKind) return "llamahome chat " + typedName(imported.entry);
    return "llamahome chat " + (imported.base ? typedName(*imported.base) : std::string("MODEL")) +
           " --adapter " + jobs::commandWords(imported.entry);
}

Result<void> import(CommandContext& context, const ImportOptions& options) {
    jobs::ImportRequest request = requestOf(options);
    request.places = {config::hubCacheFolder(context.environment()),
                      config::ollamaStoreFolders(context.environment()),
                      config::lmStudioFolders(context.environment())};
    const auto library = context.library();
    if (!library) return library.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    ProgressPrinter progress(context.output(), context.clock());
    const auto imported = jobs::importModel(request, *lock, (*library)->catalog(), context.files(),
                                            context.cancel(), progress.sink());
    if (!imported) return imported.error();
    const jobs::ModelEntry& entry = imported->entry;
    Output& output = context.output();
    output.line(entry.name +
                (imported->wasThere   ? " was there already: "
                 : imported->replaced ? " imported in place of what was there: "
                                      : " imported: ") +
                formatBytes(entry.sizeBytes) + " in " + displayPath(entry.path));
    for (const std::string& note : imported->notes)
        output.line("Note: " + note);
    output.line("Next: " + output.typed(nextCommand(*imported)));
    Json json = entryJson(entry);
    json["was_there"] = imported->wasThere;
    json["replaced"] = imported->replaced;
    json["notes"] = imported->notes;
    if (imported->base) json["base"] = imported->base->name;
    output.document(json);
    return {};
}

} // namespace

CommandSpec importCommand() {
    const auto options = std::make_shared<ImportOptions>();
    CommandSpec command{"import", "Take over a model or an adapter that is on this machine",
                        "llamahome import ~/Downloads/smollm2.gguf --as smollm2 135m-instruct"};
    command
        .positional(
            "PATH",
            "a folder in Hub layout or Meta's, an adapter's folder, an entry of the Hub's cache or "
            "its id, a .gguf file, a model of Ollama's by its name (llama3.2:1b), manifest or blob, or one "
            "of LM Studio's (publisher/repository)",
            options->path, ValueKind::File)
        .required();
    command.words("--as", "FAMILY VERSION", 2,
                  "name in the library, of an adapter NAME alone; without it, by the source's name",
                  options->name);
    command.flag("--link", "link the weights instead of copying them, where the source is a folder",
                 options->link);
    command.flag("--replace", "take the place of another model of that name, once the new one is whole",
                 options->replace);
    command.run = [options](CommandContext& context) { return import(context, *options); };
    return command;
}

} // namespace llamahome::app
