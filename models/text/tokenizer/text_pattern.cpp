#include "text/tokenizer/text_pattern.h"

#include "core/error_codes.h"
#include "core/json_field.h"
#include "core/utf8.h"

namespace llamahome::text {

Result<TextPattern> TextPattern::parse(const Json* pattern, std::string_view owner, std::string_view what) {
    const Json none;
    const Json& json = pattern == nullptr ? none : *pattern;
    TextPattern result;
    if (result.m_text = stringField(json, "String"); !result.m_text.empty()) return result;
    result.m_text = stringField(json, "Regex");
    if (result.m_text.empty())
        return Error{codes::kTokenizerKind, std::string(what) + ": " + std::string(owner) +
                                                " without a \"Regex\" or \"String\" pattern"};
    auto compiled = SplitPattern::compile(result.m_text);
    if (!compiled) return compiled.error().within(what);
    result.m_regex = std::move(*compiled);
    return result;
}

TextPattern TextPattern::literal(std::string text) {
    TextPattern result;
    result.m_text = std::move(text);
    return result;
}

TextPattern TextPattern::characters(bool (*isIn)(char32_t)) {
    TextPattern result;
    result.m_isIn = isIn;
    return result;
}

std::optional<SplitPattern::Match> TextPattern::find(std::string_view text, std::size_t at) const {
    if (m_regex) return m_regex->find(text, at);
    while (m_isIn != nullptr && at < text.size()) {
        const Utf8Char c = decodeUtf8(text, at);
        if (m_isIn(c.codePoint)) return SplitPattern::Match{at, at + c.length};
        at += c.length;
    }
    if (m_isIn != nullptr) return std::nullopt;
    const std::size_t begin = text.find(m_text, at);
    if (begin == std::string_view::npos) return std::nullopt;
    return SplitPattern::Match{begin, begin + m_text.size()};
}

void TextPattern::forEach(std::string_view text,
                          const std::function<void(std::size_t, std::size_t, bool)>& visit) const {
    std::size_t covered = 0;
    std::size_t from = 0;
    bool matchedBefore = false;
    while (from <= text.size()) {
        const auto match = find(text, from);
        if (!match) break;
        if (match->begin == match->end && matchedBefore && match->end == covered) {
            // An empty match right after another is none.
            from += from < text.size() ? decodeUtf8(text, from).length : 1;
            continue;
        }
        if (covered < match->begin) visit(covered, match->begin, false);
        visit(match->begin, match->end, true);
        covered = from = match->end;
        matchedBefore = true;
    }
    if (covered < text.size()) visit(covered, text.size(), false);
}

std::string TextPattern::replaceAll(std::string_view text, std::string_view replacement) const {
    std::string result;
    forEach(text, [&](std::size_t begin, std::size_t end, bool isMatch) {
        result += isMatch ? replacement : text.substr(begin, end - begin);
    });
    return result;
}

} // namespace llamahome::text
