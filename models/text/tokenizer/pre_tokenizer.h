// PreTokenizer: cuts text into the pieces that byte-pair merges never cross. Any thread, immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/text_pattern.h"
#include "text/tokenizer/text_piece.h"

namespace llamahome::text {

/// The steps of a tokenizer.json's pre_tokenizer: Digits, Split, Punctuation, Whitespace, WhitespaceSplit,
/// CharDelimiterSplit, Metaspace, ByteLevel and Sequence of these.
class PreTokenizer {
public:
    /// TK-12 naming an unknown kind or a second ByteLevel, TK-11 for a pattern, TK-01 for a wrong shape. null
    /// cuts nothing.
    static Result<PreTokenizer> parse(const Json& json, std::string_view what);

    /// True where the vocabulary is spelled in the byte alphabet: one of the steps is ByteLevel.
    bool isByteLevel() const { return m_hasByteLevel; }

    /// Receives the pieces in order; one is valid during the call only.
    class Receiver {
    public:
        virtual ~Receiver() = default;
        virtual void take(const TextPiece& piece) = 0;
    };
    /// `piece` is valid UTF-8.
    void split(const TextPiece& piece, Receiver& receiver) const { cut(piece, 0, receiver); }

private:
    enum class Kind {
        EachDigit,    ///< every numeric character by itself
        DigitRuns,    ///< runs of numeric characters together
        Llama3,       ///< kLlama3Pattern
        Gpt2,         ///< kGpt2Pattern
        Pattern,      ///< a pattern's matches and what lies between, put together by Behavior
        Metaspace,    ///< blanks become a mark, another may be put before the text
        LeadingBlank, ///< a blank is put before text that begins with none
        Spelling,     ///< bytes become characters of the byte alphabet, which the steps behind it cut
    };
    enum class Behavior { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous };
    enum class Prepend { Never, First, Always }; ///< First: where the text is the beginning of the input
    struct Step {
        Kind kind;
        std::vector<TextPattern> pattern = {}; ///< one for Pattern
        Behavior behavior = Behavior::Isolated;
        bool invert = false;   ///< what lies between counts as the matches
        std::string mark = {}; ///< of Metaspace
        Prepend prepend = Prepend::Never;
    };

    Result<void> add(const Json& json, std::string_view what);
    Result<void> addSplit(const Json& json, std::string_view what);
    /// A cut at characters of a kind; false where `kind` is none of these.
    Result<bool> addCharacters(const std::string& kind, const Json& json, std::string_view what);
    static Result<Behavior> behaviorOf(const Json& json, const std::string& name, std::string_view what);
    Result<void> addMetaspace(const Json& json, std::string_view what);
    void addByteLevel(const Json& json);
    void cut(const TextPiece& piece, std::size_t step, Receiver& receiver) const;
    void cutDigits(const TextPiece& piece, std::size_t step, Receiver& receiver) const;
    void cutPattern(const TextPiece& piece, std::size_t step, Receiver& receiver) const;
    void cutMetaspace(const TextPiece& piece, std::size_t step, Receiver& receiver) const;
    void spell(const TextPiece& piece, std::size_t step, Receiver& receiver) const;
    static void takeSpelled(const TextPiece& piece, Receiver& receiver);

    std::vector<Step> m_steps;
    bool m_hasByteLevel = false;
    bool m_isSpelled = false; ///< pieces come out of the steps in the byte alphabet
};

} // namespace llamahome::text
