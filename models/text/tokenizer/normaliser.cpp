#include "text/tokenizer/normaliser.h"

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "text/text_limits.h"
#include "text/tokenizer/char_class.h"

namespace llamahome::text {

Result<Normaliser> Normaliser::parse(const Json& json, std::string_view what) {
    Normaliser result;
    if (json.is_null()) return result;
    if (auto added = result.add(json, what); !added) return added.error();
    return result;
}

Result<void> Normaliser::add(const Json& json, std::string_view what) {
    const std::string kind = stringField(json, "type");
    if (m_steps.size() >= kMaxTokenizerSteps)
        return Error{codes::kTokenizerLimit, std::string(what) + ": the normalizer has more than " +
                                                 std::to_string(kMaxTokenizerSteps) +
                                                 " steps; get the model again"};
    if (kind == "Sequence") {
        const Json* list = member(json, "normalizers");
        if (list == nullptr || !list->is_array())
            return Error{codes::kTokenizerShape,
                         std::string(what) + ": normalizer Sequence without a list \"normalizers\""};
        for (const Json& part : *list) {
            if (auto added = add(part, what); !added) return added;
        }
        return {};
    }
    if (kind == "Prepend") {
        if (stringField(json, "prepend").size() > kMaxAddedTokenBytes)
            return Error{codes::kTokenizerLimit, std::string(what) + ": the normalizer prepends more than " +
                                                     std::to_string(kMaxAddedTokenBytes) +
                                                     " bytes; get the model again"};
        m_steps.push_back({Kind::Prepend, stringField(json, "prepend"), {}});
        return {};
    }
    if (kind == "Replace") return addReplace(json, what);
    if (kind == "Strip") {
        if (boolField(json, "strip_left", false)) m_steps.push_back({Kind::StripLeft, {}, {}});
        if (boolField(json, "strip_right", false)) m_steps.push_back({Kind::StripRight, {}, {}});
        return {};
    }
    auto isUnicode = addUnicode(kind, what);
    if (!isUnicode) return isUnicode.error();
    if (*isUnicode) return {};
    return Error{codes::kTokenizerKind,
                 std::string(what) + ": normalizer " +
                     formats::quotedText(kind.empty() ? writeJsonLine(json) : kind) +
                     " is not known; known: Sequence, Prepend, Replace, Strip, NFC, NFD, NFKC, NFKD, "
                     "Lowercase, StripAccents, Nmt"};
}

Result<bool> Normaliser::addUnicode(const std::string& kind, std::string_view what) {
    struct Known {
        std::string_view name;
        std::size_t growth;
        Step step;
    };
    static const Known kKnown[] = {
        {"NFC", kCanonicalGrowth, {.kind = Kind::Form, .form = UnicodeForm::Nfc}},
        {"NFD", kCanonicalGrowth, {.kind = Kind::Form, .form = UnicodeForm::Nfd}},
        {"NFKC", kCompatibleGrowth, {.kind = Kind::Form, .form = UnicodeForm::Nfkc}},
        {"NFKD", kCompatibleGrowth, {.kind = Kind::Form, .form = UnicodeForm::Nfkd}},
        {"Lowercase", kLowerCaseGrowth, {.kind = Kind::LowerCase}},
        {"StripAccents", 1, {.kind = Kind::StripMarks}},
        {"Nmt", 1, {.kind = Kind::Nmt}},
    };
    for (const Known& known : kKnown) {
        if (known.name != kind) continue;
        if (auto bounded = m_growth.add(known.growth, what, "normalizer"); !bounded) return bounded.error();
        m_steps.push_back(known.step);
        return true;
    }
    return false;
}

Result<void> Normaliser::addReplace(const Json& json, std::string_view what) {
    auto pattern = TextPattern::parse(member(json, "pattern"), "normalizer Replace", what);
    if (!pattern) return pattern.error();
    std::string content = stringField(json, "content");
    if (auto bounded = m_growth.add(content.size(), what, "normalizer"); !bounded) return bounded;
    m_steps.push_back({Kind::Replace, std::move(content), {std::move(*pattern)}});
    return {};
}

RewrittenText Normaliser::applyStep(const Step& step, const TextPiece& piece) {
    RewrittenText out;
    switch (step.kind) {
    case Kind::Form:
        return normalForm(piece, step.form);
    case Kind::LowerCase:
        return lowerCase(piece);
    case Kind::StripMarks:
        return withoutMarks(piece);
    case Kind::Nmt:
        return nmtForm(piece);
    case Kind::Prepend:
        if (!piece.text.empty()) out.append(step.content, piece.originAt(0));
        out.append(piece);
        break;
    case Kind::Replace:
        step.pattern.front().forEach(piece.text, [&](std::size_t begin, std::size_t end, bool isMatch) {
            if (isMatch)
                out.append(step.content, piece.originAt(begin));
            else
                out.append(piece.part(begin, end));
        });
        break;
    case Kind::StripLeft:
        out.append(piece.part(leadingBlanks(piece.text), piece.text.size()));
        break;
    case Kind::StripRight:
        out.append(piece.part(0, piece.text.size() - trailingBlanks(piece.text)));
        break;
    }
    return out;
}

RewrittenText Normaliser::apply(const TextPiece& piece) const {
    RewrittenText current;
    current.append(piece);
    for (const Step& step : m_steps)
        current = applyStep(step, current.piece());
    return current;
}

std::string Normaliser::apply(std::string_view text) const {
    return std::string(apply(TextPiece{text}).piece().text);
}

} // namespace llamahome::text
