#include "text/tokenizer/pre_tokenizer.h"

#include <map>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "text/text_limits.h"
#include "text/tokenizer/char_class.h"
#include "text/tokenizer/piece_scanner.h"

namespace llamahome::text {
namespace {

Error unknownKind(std::string_view what, const std::string& kind) {
    return Error{
        codes::kTokenizerKind,
        std::string(what) + ": pre-tokenizer " + formats::quotedText(kind) +
            " is not known; known: Sequence, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, "
            "CharDelimiterSplit, Metaspace, ByteLevel"};
}

} // namespace

Result<PreTokenizer> PreTokenizer::parse(const Json& json, std::string_view what) {
    PreTokenizer result;
    if (json.is_null()) return result;
    if (!json.is_object()) return unknownKind(what, writeJsonLine(json));
    if (auto added = result.add(json, what); !added) return added.error();
    return result;
}

Result<void> PreTokenizer::add(const Json& json, std::string_view what) {
    const std::string kind = stringField(json, "type");
    if (m_steps.size() >= kMaxTokenizerSteps)
        return Error{codes::kTokenizerLimit, std::string(what) + ": the pre-tokenizer has more than " +
                                                 std::to_string(kMaxTokenizerSteps) +
                                                 " steps; get the model again"};
    if (kind == "Sequence") {
        const auto list = json.find("pretokenizers");
        if (list == json.end() || !list->is_array())
            return Error{codes::kTokenizerShape,
                         std::string(what) + ": pre-tokenizer Sequence without a list \"pretokenizers\""};
        for (const Json& part : *list) {
            if (auto added = add(part, what); !added) return added;
        }
        return {};
    }
    if (m_hasByteLevel && (kind == "ByteLevel" || kind == "Metaspace"))
        return Error{codes::kTokenizerKind, std::string(what) + ": pre-tokenizer " +
                                                formats::quotedText(kind) +
                                                " stands after ByteLevel, expected before"};
    if (m_hasByteLevel && !m_isSpelled) {
        m_steps.push_back({Kind::Spelling});
        m_isSpelled = true;
    }
    if (kind == "Digits") {
        m_steps.push_back({boolField(json, "individual_digits", false) ? Kind::EachDigit : Kind::DigitRuns});
        return {};
    }
    if (kind == "Split") return addSplit(json, what);
    if (kind == "Metaspace") return addMetaspace(json, what);
    if (kind == "ByteLevel") {
        addByteLevel(json);
        return {};
    }
    auto added = addCharacters(kind, json, what);
    if (!added) return added.error();
    return *added ? Result<void>() : unknownKind(what, kind);
}

Result<bool> PreTokenizer::addCharacters(const std::string& kind, const Json& json, std::string_view what) {
    const auto isBlank = [](char32_t point) { return classOf(point) == CharClass::Space; };
    if (kind == "Punctuation") {
        const std::string name = stringField(json, "behavior");
        const auto behavior = behaviorOf(json, name.empty() ? "Isolated" : name, what);
        if (!behavior) return behavior.error();
        m_steps.push_back({Kind::Pattern, {TextPattern::characters(isPunctuation)}, *behavior});
    } else if (kind == "WhitespaceSplit" || kind == "Whitespace") {
        m_steps.push_back({Kind::Pattern, {TextPattern::characters(isBlank)}, Behavior::Removed});
        if (kind == "Whitespace")
            m_steps.push_back({Kind::Pattern, {TextPattern::characters(isWordChar)}, Behavior::Contiguous});
    } else if (kind == "CharDelimiterSplit" && !stringField(json, "delimiter").empty()) {
        m_steps.push_back(
            {Kind::Pattern, {TextPattern::literal(stringField(json, "delimiter"))}, Behavior::Removed});
    } else {
        return false;
    }
    return true;
}

Result<PreTokenizer::Behavior> PreTokenizer::behaviorOf(const Json& json, const std::string& name,
                                                        std::string_view what) {
    static const std::map<std::string, Behavior> kBehaviors{
        {"Isolated", Behavior::Isolated},
        {"Removed", Behavior::Removed},
        {"MergedWithPrevious", Behavior::MergedWithPrevious},
        {"MergedWithNext", Behavior::MergedWithNext},
        {"Contiguous", Behavior::Contiguous}};
    const auto behavior = kBehaviors.find(name);
    if (behavior != kBehaviors.end()) return behavior->second;
    return Error{codes::kTokenizerKind, std::string(what) + ": pre-tokenizer " + stringField(json, "type") +
                                            " with behavior " + formats::quotedText(name) +
                                            " is not known; known: Isolated, Removed, MergedWithPrevious, "
                                            "MergedWithNext, Contiguous"};
}

Result<void> PreTokenizer::addSplit(const Json& json, std::string_view what) {
    const auto behavior = behaviorOf(json, stringField(json, "behavior"), what);
    if (!behavior) return behavior.error();
    auto pattern = TextPattern::parse(member(json, "pattern"), "pre-tokenizer Split", what);
    if (!pattern) return pattern.error();
    const bool invert = boolField(json, "invert", false);
    // The two known patterns match everywhere, so that keeping and dropping what lies between is the same.
    const bool cutsAtMatches = *behavior == Behavior::Isolated || (*behavior == Behavior::Removed && invert);
    if (cutsAtMatches && pattern->expression() == kLlama3Pattern)
        m_steps.push_back({Kind::Llama3});
    else if (cutsAtMatches && pattern->expression() == kGpt2Pattern)
        m_steps.push_back({Kind::Gpt2});
    else
        m_steps.push_back({Kind::Pattern, {std::move(*pattern)}, *behavior, invert});
    return {};
}

Result<void> PreTokenizer::addMetaspace(const Json& json, std::string_view what) {
    const std::string mark = stringField(json, "replacement");
    if (mark.empty() || decodeUtf8(mark, 0).length != mark.size())
        return Error{codes::kTokenizerKind, std::string(what) + ": Metaspace with the replacement " +
                                                formats::quotedText(mark) + ", expected one character"};
    std::string scheme = stringField(json, "prepend_scheme");
    if (scheme.empty()) scheme = boolField(json, "add_prefix_space", true) ? "always" : "never";
    if (scheme != "always" && scheme != "first" && scheme != "never")
        return Error{codes::kTokenizerKind, std::string(what) + ": Metaspace with the prepend_scheme " +
                                                formats::quotedText(scheme) +
                                                " is not known; known: always, first, never"};
    Step step{Kind::Metaspace};
    step.mark = mark;
    step.prepend = scheme == "always" ? Prepend::Always : scheme == "first" ? Prepend::First : Prepend::Never;
    m_steps.push_back(std::move(step));
    if (boolField(json, "split", true))
        m_steps.push_back({Kind::Pattern, {TextPattern::literal(mark)}, Behavior::MergedWithNext});
    return {};
}

void PreTokenizer::addByteLevel(const Json& json) {
    if (boolField(json, "add_prefix_space", true)) m_steps.push_back({Kind::LeadingBlank});
    if (boolField(json, "use_regex", true)) m_steps.push_back({Kind::Gpt2});
    m_hasByteLevel = true;
}

void PreTokenizer::cut(const TextPiece& piece, std::size_t step, Receiver& receiver) const {
    if (piece.text.empty()) return;
    if (step == m_steps.size()) return m_isSpelled ? takeSpelled(piece, receiver) : receiver.take(piece);
    switch (m_steps[step].kind) {
    case Kind::Llama3:
    case Kind::Gpt2: {
        const auto pieceEnd = m_steps[step].kind == Kind::Llama3 ? llama3PieceEnd : gpt2PieceEnd;
        for (std::size_t at = 0; at < piece.text.size();) {
            const std::size_t end = pieceEnd(piece.text, at);
            cut(piece.part(at, end), step + 1, receiver);
            at = end;
        }
        return;
    }
    case Kind::EachDigit:
    case Kind::DigitRuns:
        return cutDigits(piece, step, receiver);
    case Kind::Pattern:
        return cutPattern(piece, step, receiver);
    case Kind::Metaspace:
        return cutMetaspace(piece, step, receiver);
    case Kind::Spelling:
        return spell(piece, step, receiver);
    case Kind::LeadingBlank: {
        if (piece.text.front() == ' ') return cut(piece, step + 1, receiver);
        RewrittenText text;
        text.append(" ", piece.originAt(0));
        text.append(piece);
        return cut(text.piece(), step + 1, receiver);
    }
    }
}

void PreTokenizer::spell(const TextPiece& piece, std::size_t step, Receiver& receiver) const {
    RewrittenText text;
    for (std::size_t i = 0; i < piece.text.size(); ++i)
        text.append(formats::spellingOfBytes(piece.text.substr(i, 1)), piece.originAt(i));
    cut(text.piece(), step + 1, receiver);
}

void PreTokenizer::takeSpelled(const TextPiece& piece, Receiver& receiver) {
    RewrittenText bytes;
    for (std::size_t at = 0; at < piece.text.size();) {
        const std::size_t length = decodeUtf8(piece.text, at).length;
        bytes.append(formats::bytesOfSpelling(piece.text.substr(at, length)).value_or(""),
                     piece.originAt(at));
        at += length;
    }
    receiver.take(bytes.piece());
}

void PreTokenizer::cutDigits(const TextPiece& piece, std::size_t step, Receiver& receiver) const {
    const bool each = m_steps[step].kind == Kind::EachDigit;
    std::size_t begin = 0;
    bool inDigits = false;
    const auto emit = [&](std::size_t end) {
        cut(piece.part(begin, end), step + 1, receiver);
        begin = end;
    };
    for (std::size_t at = 0; at < piece.text.size();) {
        const Utf8Char c = decodeUtf8(piece.text, at);
        const bool digit = isDigitsNumeric(c.codePoint);
        if (digit != inDigits || (digit && each)) emit(at);
        inDigits = digit;
        at += c.length;
    }
    emit(piece.text.size());
}

void PreTokenizer::cutPattern(const TextPiece& piece, std::size_t step, Receiver& receiver) const {
    const Step& self = m_steps[step];
    std::size_t openBegin = 0; // of the stretch that the next one may still join
    std::size_t openEnd = 0;
    bool isOpen = false;
    bool matchedBefore = false;
    const auto close = [&] {
        if (isOpen) cut(piece.part(openBegin, openEnd), step + 1, receiver);
        isOpen = false;
    };
    self.pattern.front().forEach(piece.text, [&](std::size_t begin, std::size_t end, bool isMatch) {
        isMatch = isMatch != self.invert;
        bool joins = false;
        switch (self.behavior) {
        case Behavior::Isolated:
        case Behavior::Removed:
            break;
        case Behavior::MergedWithPrevious:
            joins = isMatch && !matchedBefore;
            break;
        case Behavior::MergedWithNext:
            joins = !isMatch && matchedBefore;
            break;
        case Behavior::Contiguous:
            joins = isMatch == matchedBefore;
            break;
        }
        matchedBefore = isMatch;
        if (!isOpen || !joins) {
            close();
            openBegin = begin;
        }
        openEnd = end;
        isOpen = !(isMatch && self.behavior == Behavior::Removed);
    });
    close();
}

void PreTokenizer::cutMetaspace(const TextPiece& piece, std::size_t step, Receiver& receiver) const {
    const Step& self = m_steps[step];
    const bool prepends =
        self.prepend == Prepend::Always || (self.prepend == Prepend::First && piece.originAt(0) == 0);
    RewrittenText text;
    if (prepends && piece.text.front() != ' ' && !piece.text.starts_with(self.mark))
        text.append(self.mark, piece.originAt(0));
    for (std::size_t at = 0; at < piece.text.size();) {
        const std::size_t blank = std::min(piece.text.find(' ', at), piece.text.size());
        text.append(piece.part(at, blank));
        if (blank < piece.text.size()) text.append(self.mark, piece.originAt(blank));
        at = blank + 1;
    }
    cut(text.piece(), step + 1, receiver);
}

} // namespace llamahome::text
