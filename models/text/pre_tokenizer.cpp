#include "text/pre_tokenizer.h"

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/char_class.h"
#include "text/json_field.h"
#include "text/piece_scanner.h"

namespace llamahome::text {
namespace {

constexpr std::size_t kMaxSteps = 16; ///< cut() goes one call deeper with each

Error unknownKind(std::string_view what, const std::string& kind) {
    return Error{codes::kTokenizerKind, std::string(what) + ": pre-tokenizer " + formats::quotedText(kind) +
                                            " is not known; known: Sequence, Split, Digits, ByteLevel"};
}

} // namespace

Result<PreTokenizer> PreTokenizer::parse(const Json& json, std::string_view what) {
    PreTokenizer result;
    if (!json.is_object()) return unknownKind(what, json.is_null() ? "null" : writeJsonLine(json));
    if (auto added = result.add(json, what); !added) return added.error();
    if (!result.m_hasByteLevel)
        return Error{codes::kTokenizerKind,
                     std::string(what) +
                         ": the pre-tokenizer has no ByteLevel step; only byte-level tokenizers "
                         "are read"};
    return result;
}

Result<void> PreTokenizer::add(const Json& json, std::string_view what) {
    const std::string kind = stringField(json, "type");
    if (m_hasByteLevel)
        return Error{codes::kTokenizerKind, std::string(what) + ": pre-tokenizer " +
                                                formats::quotedText(kind) +
                                                " stands after ByteLevel, expected before"};
    if (m_steps.size() >= kMaxSteps)
        return Error{codes::kTokenizerLimit, std::string(what) + ": the pre-tokenizer has more than " +
                                                 std::to_string(kMaxSteps) + " steps; get the model again"};
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
    if (kind == "Digits") {
        m_steps.push_back({boolField(json, "individual_digits", false) ? Kind::EachDigit : Kind::DigitRuns});
        return {};
    }
    if (kind == "Split") return addSplit(json, what);
    if (kind == "ByteLevel") return addByteLevel(json, what);
    return unknownKind(what, kind);
}

Result<void> PreTokenizer::addSplit(const Json& json, std::string_view what) {
    const auto pattern = json.find("pattern");
    const std::string expression =
        pattern != json.end() && pattern->is_object() ? stringField(*pattern, "Regex") : std::string();
    if (expression.empty())
        return Error{codes::kTokenizerKind,
                     std::string(what) + ": pre-tokenizer Split without a \"Regex\" pattern"};
    const std::string behavior = stringField(json, "behavior");
    const bool invert = boolField(json, "invert", false);
    const bool isolated = behavior == "Isolated";
    if (!isolated && !(behavior == "Removed" && invert))
        return Error{codes::kTokenizerKind, std::string(what) + ": pre-tokenizer Split with behavior " +
                                                formats::quotedText(behavior) +
                                                " is not known; known: Isolated, Removed with invert"};
    // Both known patterns match everywhere, so that keeping and dropping what lies between is the same.
    if (expression == kLlama3Pattern) {
        m_steps.push_back({Kind::Llama3});
    } else if (expression == kGpt2Pattern) {
        m_steps.push_back({Kind::Gpt2});
    } else {
        auto compiled = SplitPattern::compile(expression);
        if (!compiled) return compiled.error().within(what);
        m_steps.push_back({isolated ? Kind::Pattern : Kind::PatternOnly, {std::move(*compiled)}});
    }
    return {};
}

Result<void> PreTokenizer::addByteLevel(const Json& json, std::string_view) {
    if (boolField(json, "add_prefix_space", true)) m_steps.push_back({Kind::LeadingBlank});
    if (boolField(json, "use_regex", true)) m_steps.push_back({Kind::Gpt2});
    m_hasByteLevel = true;
    return {};
}

void PreTokenizer::cut(std::string_view text, std::size_t offset, std::size_t step,
                       Receiver& receiver) const {
    if (text.empty()) return;
    if (step == m_steps.size()) return receiver.take(text, offset);
    switch (m_steps[step].kind) {
    case Kind::Llama3:
    case Kind::Gpt2: {
        const auto pieceEnd = m_steps[step].kind == Kind::Llama3 ? llama3PieceEnd : gpt2PieceEnd;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = pieceEnd(text, at);
            cut(text.substr(at, end - at), offset + at, step + 1, receiver);
            at = end;
        }
        return;
    }
    case Kind::EachDigit:
    case Kind::DigitRuns:
        return cutDigits(text, offset, step, receiver);
    case Kind::Pattern:
    case Kind::PatternOnly:
        return cutPattern(text, offset, step, receiver);
    case Kind::LeadingBlank:
        if (text.front() == ' ') return cut(text, offset, step + 1, receiver);
        return cut(" " + std::string(text), offset > 0 ? offset - 1 : 0, step + 1, receiver);
    }
}

void PreTokenizer::cutDigits(std::string_view text, std::size_t offset, std::size_t step,
                             Receiver& receiver) const {
    const bool each = m_steps[step].kind == Kind::EachDigit;
    std::size_t begin = 0;
    bool inDigits = false;
    const auto emit = [&](std::size_t end) {
        cut(text.substr(begin, end - begin), offset + begin, step + 1, receiver);
        begin = end;
    };
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = decodeUtf8(text, at);
        const bool digit = isDigitsNumeric(c.codePoint);
        if (digit != inDigits || (digit && each)) emit(at);
        inDigits = digit;
        at += c.length;
    }
    emit(text.size());
}

void PreTokenizer::cutPattern(std::string_view text, std::size_t offset, std::size_t step,
                              Receiver& receiver) const {
    const Step& self = m_steps[step];
    const auto emit = [&](std::size_t begin, std::size_t end) {
        cut(text.substr(begin, end - begin), offset + begin, step + 1, receiver);
    };
    std::size_t at = 0;
    while (at < text.size()) {
        const auto match = self.pattern.front().find(text, at);
        const std::size_t begin = match ? match->begin : text.size();
        if (self.kind == Kind::Pattern) emit(at, begin);
        if (!match) return;
        emit(match->begin, match->end);
        at = match->end;
    }
}

} // namespace llamahome::text
