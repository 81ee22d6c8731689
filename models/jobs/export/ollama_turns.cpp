#include "jobs/export/ollama_turns.h"

#include <string_view>
#include <vector>

namespace llamahome::jobs {
namespace {

constexpr std::string_view kSystem = "SYSTEMTEXT";
constexpr std::string_view kPrompt = "FIRSTPROMPT";
constexpr std::string_view kAnswer = "ANSWERTEXT";
constexpr std::string_view kNext = "NEXTPROMPT";

/// A conversation of these marks as the template writes it; empty where it cannot.
std::string rendered(const text::ChatTemplate& chatTemplate, const std::string& bos,
                     const std::vector<std::pair<const char*, std::string_view>>& turns, bool opensAnswer) {
    std::vector<text::Message> messages;
    for (const auto& [role, content] : turns)
        messages.push_back({role, std::string(content)});
    const auto segments = chatTemplate.render(messages, {.addGenerationPrompt = opensAnswer, .date = {}});
    if (!segments) return {};
    std::string text = text::joinedText(*segments);
    if (!bos.empty() && text.starts_with(bos)) text.erase(0, bos.size());
    return text;
}

/// What stands before the first mark, between each two, and after the last; empty where one is missing.
std::vector<std::string> between(const std::string& text, const std::vector<std::string_view>& marks) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    for (const std::string_view mark : marks) {
        const std::size_t at = text.find(mark, from);
        if (at == std::string::npos) return {};
        parts.push_back(text.substr(from, at - from));
        from = at + mark.size();
    }
    parts.push_back(text.substr(from));
    return parts;
}

std::optional<std::string> withoutStart(const std::string& text, const std::string& start) {
    return text.starts_with(start) ? std::optional(text.substr(start.size())) : std::nullopt;
}

std::optional<std::string> withoutEnd(const std::string& text, const std::string& end) {
    return text.ends_with(end) ? std::optional(text.substr(0, text.size() - end.size())) : std::nullopt;
}

} // namespace

std::optional<OllamaChat> ollamaChat(const text::ChatTemplate& chatTemplate, const std::string& bos) {
    const auto write = [&](const std::vector<std::pair<const char*, std::string_view>>& turns,
                           bool opensAnswer) { return rendered(chatTemplate, bos, turns, opensAnswer); };
    const auto talk = between(write({{"user", kPrompt}, {"assistant", kAnswer}, {"user", kNext}}, true),
                              {kPrompt, kAnswer, kNext});
    const auto led = between(write({{"system", kSystem}, {"user", kPrompt}}, true), {kSystem, kPrompt});
    const auto asked = between(write({{"user", kPrompt}}, false), {kPrompt});
    const auto answered =
        between(write({{"user", kPrompt}, {"assistant", kAnswer}}, false), {kPrompt, kAnswer});
    if (talk.empty() || asked.empty() || answered.empty() || talk[1] != talk[3]) return std::nullopt;

    OllamaChat chat;
    chat.turns.userAfter = asked[1];
    chat.turns.answerAfter = answered[2];
    const auto userBefore = withoutStart(talk[2], chat.turns.answerAfter);
    const auto answerBefore = withoutStart(talk[3], chat.turns.userAfter);
    if (!userBefore || !answerBefore) return std::nullopt;
    chat.turns.userBefore = *userBefore;
    chat.turns.answerBefore = *answerBefore;
    const auto opening = withoutEnd(asked[0], *userBefore);
    if (!opening) return std::nullopt;
    if (led.empty()) { // no words for a system text: nothing stands around one
        chat.turns.first = *opening;
        return chat;
    }
    const auto systemAfter = withoutEnd(led[1], *userBefore);
    if (!systemAfter || led[2] != talk[3]) return std::nullopt;
    chat.turns.systemAfter = *systemAfter;
    if (const auto systemBefore = withoutStart(led[0], *opening)) { // what opens it stands there anyway
        chat.turns.first = *opening;
        chat.turns.systemBefore = *systemBefore;
        return chat;
    }
    chat.turns.systemBefore = led[0];
    const auto before = withoutEnd(*opening, *systemAfter);
    const auto system = before ? withoutStart(*before, led[0]) : std::nullopt;
    if (!system || system->empty()) return std::nullopt;
    chat.system = *system;
    return chat;
}

} // namespace llamahome::jobs
