#include "jobs/train/answer_match.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/ascii.h"

namespace llamahome::jobs {
namespace {

constexpr std::array kNames{
    std::pair{AnswerMatch::Auto, std::string_view("auto")},
    std::pair{AnswerMatch::None, std::string_view("none")},
    std::pair{AnswerMatch::Number, std::string_view("number")},
    std::pair{AnswerMatch::Exact, std::string_view("exact")},
    std::pair{AnswerMatch::Contains, std::string_view("contains")},
};

constexpr std::string_view kBlanks = " \t\r\n\f\v";

/// Words with one blank between them.
std::string wordsOf(std::string_view text) {
    std::string words;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        if (text.empty()) return words;
        const std::size_t length = std::min(text.find_first_of(kBlanks), text.size());
        if (!words.empty()) words += ' ';
        words += text.substr(0, length);
        text.remove_prefix(length);
    }
}

std::string smallWordsOf(std::string_view text) {
    return lowerAscii(wordsOf(text));
}

} // namespace

std::string_view answerMatchName(AnswerMatch match) {
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [match](const auto& row) { return row.first == match; });
    return found->second;
}

std::optional<AnswerMatch> answerMatchOf(std::string_view name) {
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [name](const auto& row) { return row.second == name; });
    return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

std::vector<std::string> answerMatchNames() {
    std::vector<std::string> names;
    for (const auto& row : kNames)
        names.emplace_back(row.second);
    return names;
}

AnswerMatch settledMatch(AnswerMatch wanted, const std::vector<std::string>& references) {
    if (wanted != AnswerMatch::Auto) return wanted;
    const auto isHalf = [&references](auto holds) {
        const auto count = std::count_if(references.begin(), references.end(), holds);
        return count > 0 && 2 * static_cast<std::size_t>(count) >= references.size();
    };
    if (isHalf([](const std::string& text) { return finalNumber(text).has_value(); }))
        return AnswerMatch::Number;
    const auto isShort = [](const std::string& text) {
        return text.size() <= kShortAnswerBytes && isCheckable(AnswerMatch::Contains, text);
    };
    return isHalf(isShort) ? AnswerMatch::Contains : AnswerMatch::None;
}

bool isCheckable(AnswerMatch match, std::string_view reference) {
    if (match == AnswerMatch::Number) return finalNumber(reference).has_value();
    const bool hasWords = reference.find_first_not_of(kBlanks) != std::string_view::npos;
    return hasWords && (match == AnswerMatch::Exact || match == AnswerMatch::Contains);
}

bool isRight(AnswerMatch match, std::string_view answer, std::string_view reference) {
    if (!isCheckable(match, reference)) return false;
    if (match == AnswerMatch::Number) return finalNumber(answer) == finalNumber(reference);
    if (match == AnswerMatch::Exact) return wordsOf(answer) == wordsOf(reference);
    return smallWordsOf(answer).find(smallWordsOf(reference)) != std::string::npos;
}

std::optional<std::string> finalNumber(std::string_view text) {
    constexpr std::string_view kMark = "####";
    const std::size_t mark = text.rfind(kMark);
    if (mark == std::string_view::npos) return std::nullopt;
    text.remove_prefix(mark + kMark.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t$"), text.size()));
    std::string number;
    for (const char c : text) {
        if (c == ',') continue;
        if (c != '-' && c != '.' && (c < '0' || c > '9')) break;
        number += c;
    }
    if (!number.empty() && number.back() == '.') number.pop_back();
    if (number.empty()) return std::nullopt;
    return number;
}

} // namespace llamahome::jobs
