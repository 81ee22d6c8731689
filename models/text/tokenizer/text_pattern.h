// TextPattern: what a tokenizer.json's Split, Replace and kin look for: a text, a regular expression or
// characters of a kind. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/split_pattern.h"

namespace llamahome::text {

class TextPattern {
public:
    /// Reads {"String": text} or {"Regex": expression}. TK-12 for anything else, `owner` naming whose it is;
    /// TK-11 for an expression that is not read.
    static Result<TextPattern> parse(const Json* pattern, std::string_view owner, std::string_view what);
    static TextPattern literal(std::string text);
    /// Each character that `isIn` holds for is a match.
    static TextPattern characters(bool (*isIn)(char32_t));

    /// Calls with each match and each stretch between two, in order, together the whole text. A match may be
    /// empty, as the reference's iterator has it.
    void forEach(std::string_view text,
                 const std::function<void(std::size_t begin, std::size_t end, bool isMatch)>& visit) const;
    /// `text` with each match replaced.
    std::string replaceAll(std::string_view text, std::string_view replacement) const;

    const std::string& expression() const { return m_text; }

private:
    std::optional<SplitPattern::Match> find(std::string_view text, std::size_t at) const;

    std::string m_text;
    std::optional<SplitPattern> m_regex;
    bool (*m_isIn)(char32_t) = nullptr;
};

} // namespace llamahome::text
