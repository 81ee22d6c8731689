// When an answer counts as right: by its final number, or by the data's whole answer. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llamahome::jobs {

enum class AnswerMatch {
    Auto,     ///< settled by the data, see settledMatch()
    None,     ///< answers are only shown
    Number,   ///< the number after the last "####", as GSM8K ends its answers
    Exact,    ///< the data's answer, whatever blanks and line ends there are
    Contains, ///< the data's answer stands in it, in capitals or not
};

/// "auto", "none", "number", "exact", "contains".
std::string_view answerMatchName(AnswerMatch match);
/// Nothing for another word.
std::optional<AnswerMatch> answerMatchOf(std::string_view name);
/// All names, "auto" first.
std::vector<std::string> answerMatchNames();

/// The longest answer of the data that is looked for as a whole without being asked to, in bytes: more than a
/// sentence has too many right wordings.
inline constexpr std::size_t kShortAnswerBytes = 80;

/// What Auto means for these answers of the data: Number where at least half end in one, else Contains where
/// at least half are short, else None. Anything but Auto stays.
AnswerMatch settledMatch(AnswerMatch wanted, const std::vector<std::string>& references);

/// Whether the data's answer can be compared so: it has a number, or any word.
bool isCheckable(AnswerMatch match, std::string_view reference);
/// Whether `answer` is right. False where `reference` is not checkable.
bool isRight(AnswerMatch match, std::string_view answer, std::string_view reference);

/// The number after the last "####" (and blanks, and a $), without commas and a final point; nothing where
/// there is none.
std::optional<std::string> finalNumber(std::string_view text);

} // namespace llamahome::jobs
