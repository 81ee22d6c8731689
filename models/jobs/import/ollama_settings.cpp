#include "jobs/import/ollama_settings.h"

#include <algorithm>
#include <cstdint>

#include "formats/file_text.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/tokenizer_files.h"
#include "jobs/chat_files.h"
#include "jobs/import/ollama_template.h"
#include "text/template/chat_template.h"
#include "text/token_text.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostShown = 10;

/// `texts` in quotes, the first ten.
std::string listed(const std::vector<std::string>& texts) {
    std::string list;
    for (std::size_t i = 0; i < std::min(texts.size(), kMostShown); ++i)
        list += (i == 0 ? "" : ", ") + formats::quotedText(texts[i]);
    return list + (texts.size() > kMostShown ? " and more" : "");
}

/// An ordinary token is no end: its text may come in other tokens too.
Result<void> takeStops(const std::vector<std::string>& stops, const text::Tokenizer& tokenizer,
                       FileLayer& files, const fs::path& folder, std::vector<std::string>& notes) {
    std::vector<std::int32_t> ends = tokenizer.endTokens();
    std::vector<std::string> taken;
    std::vector<std::string> left;
    for (const std::string& stop : stops) {
        const auto id = tokenizer.idOf(stop);
        const bool isToken = id && tokenizer.isSpecial(*id);
        if (isToken && std::find(ends.begin(), ends.end(), *id) != ends.end())
            continue; // it ends them anyway
        (isToken ? taken : left).push_back(stop);
        if (isToken) ends.push_back(*id);
    }
    if (!left.empty())
        notes.push_back("not taken over from Ollama: the stops " + listed(left) +
                        ", which are no special tokens; give them to `llamahome generate` with --stop");
    if (taken.empty()) return {};
    notes.push_back("taken over from Ollama: answers end with " + listed(taken) + " too");
    return writeEndTokens(files, folder, ends);
}

Result<void> takeTemplate(const std::string& ollamaTemplate, const text::Tokenizer& tokenizer,
                          FileLayer& files, const fs::path& folder, std::vector<std::string>& notes) {
    const auto config = formats::readJsonIfThere(folder / formats::kTokenizerConfig);
    if (!config) return config.error();
    const auto own = formats::readChatTemplate(folder, *config);
    if (!own) return own.error();
    if (*own) {
        notes.emplace_back("not taken over from Ollama: its template; conversations take the form that the "
                           "model itself has");
        return {};
    }
    const text::TemplateTokens tokens{text::tokenText(*config, "bos_token"),
                                      text::tokenText(*config, "eos_token")};
    const std::string name = chatTemplateOf(ollamaTemplate, tokens);
    if (name.empty()) {
        notes.emplace_back("not taken over from Ollama: its template, which is none that is known here; the "
                           "model has no other, "
                           "so choose one for conversations with --template");
        return {};
    }
    const auto known = text::ChatTemplate::named(name, tokens);
    if (!known) return known.error();
    const auto& prefix = tokenizer.prefixTokens();
    notes.push_back("taken over from Ollama: its template, which is known as " + name);
    return writeChatTemplate(
        files, folder, known->jinja(prefix.empty() ? std::string() : tokenizer.tokenBytes(prefix.front())));
}

} // namespace

Result<std::vector<std::string>> takeOllamaSettings(const OllamaSettings& settings, FileLayer& files,
                                                    const fs::path& folder) {
    std::vector<std::string> notes;
    if (settings.stops.empty() && settings.chatTemplate.empty()) return notes;
    const auto tokenizer = text::Tokenizer::load(folder);
    if (!tokenizer) return tokenizer.error();
    if (!settings.chatTemplate.empty())
        if (auto taken = takeTemplate(settings.chatTemplate, *tokenizer, files, folder, notes); !taken)
            return taken.error();
    if (auto taken = takeStops(settings.stops, *tokenizer, files, folder, notes); !taken)
        return taken.error();
    return notes;
}

} // namespace llamahome::jobs
