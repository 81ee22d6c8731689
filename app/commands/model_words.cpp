#include "app/commands/model_words.h"

#include "core/shell_quote.h"

namespace llamahome::app {
namespace {

constexpr const char* kModelHelp =
    "FAMILY VERSION, FAMILY/VERSION, a Hub id or the path of a model folder; without it "
    "the LLAMA_MODEL variables decide, else the adapter's base, the only one installed, the default";

} // namespace

void addModelWords(CommandSpec& command, std::vector<std::string>& target) {
    command.words("MODEL", "MODEL", 2, kModelHelp, target);
}

void addModelOption(CommandSpec& command, std::vector<std::string>& target) {
    command.words("--model", "MODEL", 2, kModelHelp, target);
}

Result<jobs::ModelEntry> knownEntry(CommandContext& context, const std::vector<std::string>& words) {
    const auto library = context.library();
    if (!library) return library.error();
    if (words.size() == 1)
        if (const auto adapter = (*library)->findAdapter(words.front())) return *adapter;
    return jobs::resolveKnownModel(**library, words, context.environment());
}

std::string typedName(const jobs::ModelEntry& entry) {
    if (!entry.catalog) return shellLine({entry.name});
    return shellLine({entry.family, entry.version});
}

Json entryJson(const jobs::ModelEntry& entry) {
    Json json{{"name", entry.name},
              {"kind", entry.kind},
              {"family", entry.family},
              {"version", entry.version},
              {"state", std::string(jobs::stateName(entry.state))},
              {"path", displayPath(entry.path)},
              {"hub_id", entry.hubId},
              {"size_bytes", entry.sizeBytes},
              {"licence", entry.licence},
              {"memory_to_chat_bytes", entry.memoryToChatBytes},
              {"memory_to_train_bytes", entry.memoryToTrainBytes}};
    if (entry.catalog) {
        json["parameters"] = entry.catalog->parameters;
        json["min_gpu_memory"] = entry.catalog->min_gpu_memory;
        json["note"] = entry.catalog->note;
    }
    if (!entry.problem.empty()) json["problem"] = entry.problem;
    return json;
}

} // namespace llamahome::app
