#include "jobs/ollama_turns.h"

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
    const auto whole = between(
        write({{"system", kSystem}, {"user", kPrompt}, {"assistant", kAnswer}, {"user", kNext}}, true),
        {kSystem, kPrompt, kAnswer, kNext});
    const auto asked = between(write({{"user", kPrompt}}, false), {kPrompt});
    const auto answered =
        between(write({{"user", kPrompt}, {"assistant", kAnswer}}, false), {kPrompt, kAnswer});
    if (whole.empty() || asked.empty() || answered.empty() || whole[2] != whole[4]) return std::nullopt;

    OllamaChat chat;
    chat.turns.systemBefore = whole[0];
    chat.turns.userAfter = asked[1];
    chat.turns.answerAfter = answered[2];
    const auto userBefore = withoutStart(whole[3], chat.turns.answerAfter);
    const auto answerBefore = withoutStart(whole[4], chat.turns.userAfter);
    if (!userBefore || !answerBefore) return std::nullopt;
    chat.turns.userBefore = *userBefore;
    chat.turns.answerBefore = *answerBefore;
    const auto systemAfter = withoutEnd(whole[1], *userBefore);
    if (!systemAfter) return std::nullopt;
    chat.turns.systemAfter = *systemAfter;
    if (asked[0] == *userBefore) return chat;
    const auto opening = withoutEnd(asked[0], *systemAfter + *userBefore);
    const auto system = opening ? withoutStart(*opening, whole[0]) : std::nullopt;
    if (!system || system->empty()) return std::nullopt;
    chat.system = *system;
    return chat;
}

} // namespace llamahome::jobs
