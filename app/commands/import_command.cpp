#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "config/hub_cache.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/import/import_model.h"

namespace llamahome::app {
namespace {

struct ImportOptions {
    std::optional<std::string> path;
    std::vector<std::string> name;
    bool link = false;
};

/// FAMILY VERSION, or FAMILY/VERSION as one word.
Result<jobs::ImportRequest> requestOf(const ImportOptions& options) {
    jobs::ImportRequest request;
    request.source = options.path.value_or("");
    request.link = options.link;
    if (options.name.empty()) return request;
    request.family = options.name.front();
    if (options.name.size() > 1) {
        request.version = options.name[1];
        return request;
    }
    const std::size_t slash = request.family.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == request.family.size())
        return Error{codes::kUsage, "import: found '--as " + request.family +
                                        "', expected FAMILY VERSION, for example --as smollm2 135m-instruct"};
    request.version = request.family.substr(slash + 1);
    request.family.resize(slash);
    return request;
}

Result<void> import(CommandContext& context, const ImportOptions& options) {
    auto request = requestOf(options);
    if (!request) return request.error();
    request->hubCache = config::hubCacheFolder(context.environment());
    const auto library = context.library();
    if (!library) return library.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    ProgressPrinter progress(context.output(), context.clock());
    const auto imported = jobs::importModel(*request, *lock, (*library)->catalog(), context.files(),
                                            context.cancel(), progress.sink());
    if (!imported) return imported.error();
    const jobs::ModelEntry& entry = imported->entry;
    Output& output = context.output();
    output.line(entry.name + (imported->wasThere ? " was there already: " : " imported: ") +
                formatBytes(entry.sizeBytes) + " in " + displayPath(entry.path));
    for (const std::string& note : imported->notes)
        output.line("Note: " + note);
    output.line("Next: llamahome chat " + typedName(entry));
    Json json = entryJson(entry);
    json["was_there"] = imported->wasThere;
    json["notes"] = imported->notes;
    output.document(json);
    return {};
}

} // namespace

CommandSpec importCommand() {
    const auto options = std::make_shared<ImportOptions>();
    CommandSpec command{"import", "Take over a model that is on this machine",
                        "llamahome import ~/Downloads/smollm2.gguf --as smollm2 135m-instruct"};
    command
        .positional(
            "PATH",
            "a folder in Hub layout or Meta's, an entry of the Hub's cache or its id, a .gguf file, or "
            "a manifest of Ollama's",
            options->path, ValueKind::File)
        .required();
    command.words("--as", "FAMILY VERSION", 2, "name in the library; without it, by the source's name",
                  options->name);
    command.flag("--link", "link the weights instead of copying them, where the source is a folder",
                 options->link);
    command.run = [options](CommandContext& context) { return import(context, *options); };
    return command;
}

} // namespace llamahome::app
