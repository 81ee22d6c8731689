#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "core/log.h"
#include "core/quantity.h"
#include "jobs/library/library_folders.h"

namespace llamahome::app {
namespace {

constexpr const char* kAdapterFamily = "finetuned";

struct ModelsOptions {
    std::optional<std::string> family;
};

std::string bytesOrBlank(std::uint64_t bytes) {
    return bytes > 0 ? formatBytes(bytes) : "";
}

Table modelTable(const std::vector<jobs::ModelEntry>& models) {
    Table table{{"model", "state", "size", "to chat", "to train", "licence"}, {}, {2, 3, 4}};
    for (const jobs::ModelEntry& entry : models)
        table.rows.push_back({entry.name, std::string(jobs::stateWord(entry.state)),
                              bytesOrBlank(entry.sizeBytes), bytesOrBlank(entry.memoryToChatBytes),
                              bytesOrBlank(entry.memoryToTrainBytes), entry.licence});
    return table;
}

Table adapterTable(const std::vector<jobs::ModelEntry>& adapters) {
    Table table{{"adapter", "state", "size"}, {}, {2}};
    for (const jobs::ModelEntry& entry : adapters)
        table.rows.push_back(
            {entry.name, std::string(jobs::stateWord(entry.state)), bytesOrBlank(entry.sizeBytes)});
    return table;
}

void showNotes(Output& output, const std::vector<jobs::ModelEntry>& entries, bool withCatalogue) {
    for (const jobs::ModelEntry& entry : entries) {
        if (!entry.problem.empty()) output.line(entry.name + ": " + output.advised(entry.problem));
        if (withCatalogue && entry.catalog && !entry.catalog->note.empty())
            output.line(entry.name + ": " + entry.catalog->note);
    }
}

std::string roomWords(const jobs::ModelPlace& place) {
    if (place.isAway) return " (not there: its models are offline)";
    return place.freeBytes ? " (" + formatBytes(*place.freeBytes) + " free)" : "";
}

void showPlaces(Output& output, const jobs::DataRoot& root) {
    for (const jobs::ModelPlace& place : jobs::roomOfPlaces(root))
        output.line(place.path == root.models()
                        ? "Data root: " + displayPath(root.path) + roomWords(place)
                        : "Library folder: " + displayPath(place.path) + roomWords(place));
}

Result<void> listModels(CommandContext& context, const ModelsOptions& options) {
    const auto library = context.library();
    if (!library) return library.error();
    const auto memory = context.usableMemory();
    if (!memory) return memory.error();
    const std::string family = options.family.value_or("");
    const bool withAdapters = family.empty() || family == kAdapterFamily;
    const auto adapters = withAdapters ? (*library)->installedAdapters() : std::vector<jobs::ModelEntry>{};
    std::vector<jobs::ModelEntry> models;
    if (family.empty()) {
        models = (*library)->list();
    } else if (!withAdapters) {
        auto listed = (*library)->listFamily(family);
        if (!listed) return listed.error();
        models = std::move(*listed);
    }
    Output& output = context.output();
    Json list = Json::array();
    for (const jobs::ModelEntry& entry : models)
        list.push_back(entryJson(entry));
    for (const jobs::ModelEntry& entry : adapters)
        list.push_back(entryJson(entry));
    output.document(list);
    if (!models.empty()) output.table(modelTable(models));
    if (!adapters.empty()) {
        if (!models.empty()) output.line("");
        output.table(adapterTable(adapters));
    }
    if (models.empty() && adapters.empty())
        output.line(withAdapters ? "No adapters yet; train one with: " +
                                       output.typed("llamahome train MODEL --data FILE")
                                 : "No models of this family yet.");
    output.line("");
    showNotes(output, models, !family.empty());
    showNotes(output, adapters, false);
    if (!models.empty())
        output.line("Memory is computed for this machine, which has " + formatBytes(*memory) + " to spare.");
    showPlaces(output, (*library)->root());
    if (auto kept = jobs::rememberPlaces(context.files(), (*library)->root()); !kept)
        logLine(LogLevel::Warning, "app", kept.error().message);
    return {};
}

} // namespace

CommandSpec modelsCommand() {
    const auto options = std::make_shared<ModelsOptions>();
    CommandSpec command{"models", "Known and installed models and adapters, with what they need",
                        "llamahome models smollm2"};
    command.positional("FAMILY", "only one family; finetuned: only adapters", options->family);
    command.run = [options](CommandContext& context) { return listModels(context, *options); };
    return command;
}

} // namespace llamahome::app
