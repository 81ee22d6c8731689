// Normaliser: what a tokenizer.json's "normalizer" does to text before anything else. Any thread, immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/text_growth.h"
#include "text/tokenizer/text_pattern.h"
#include "text/tokenizer/text_piece.h"
#include "text/tokenizer/unicode_forms.h"

namespace llamahome::text {

class Normaliser {
public:
    /// Reads Prepend, Replace, Strip, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Nmt and Sequence of
    /// these; null is none. TK-12 naming any other kind, TK-11 for a pattern, TK-02 for too many steps, and
    /// for those that make a text grow without bound.
    static Result<Normaliser> parse(const Json& json, std::string_view what);

    /// True where apply() changes nothing.
    bool isIdentity() const { return m_steps.empty(); }
    RewrittenText apply(const TextPiece& piece) const;
    /// apply() on a text of its own.
    std::string apply(std::string_view text) const;

private:
    enum class Kind { Prepend, Replace, StripLeft, StripRight, Form, LowerCase, StripMarks, Nmt };
    struct Step {
        Kind kind;
        std::string content = {};              ///< of Prepend and Replace
        std::vector<TextPattern> pattern = {}; ///< one for Replace
        UnicodeForm form = UnicodeForm::Nfc;
    };

    Result<void> add(const Json& json, std::string_view what);
    Result<void> addReplace(const Json& json, std::string_view what);
    /// A kind that has no settings; false where it is none.
    Result<bool> addUnicode(const std::string& kind, std::string_view what);
    static RewrittenText applyStep(const Step& step, const TextPiece& piece);

    std::vector<Step> m_steps;
    TextGrowth m_growth;
};

} // namespace llamahome::text
