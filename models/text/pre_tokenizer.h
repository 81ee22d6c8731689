// PreTokenizer: cuts text into the pieces that byte-pair merges never cross. Any thread, immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/split_pattern.h"

namespace llamahome::text {

/// The steps of a tokenizer.json's pre_tokenizer: Digits, Split, ByteLevel and Sequence of these.
class PreTokenizer {
public:
    /// TK-12 naming an unknown kind, TK-11 for a pattern, TK-01 for a wrong shape. Byte-level models only:
    /// the last step must be ByteLevel.
    static Result<PreTokenizer> parse(const Json& json, std::string_view what);

    /// Receives the pieces in order. `piece` may be other text than the input where a blank is put before it;
    /// it then begins with that blank and is valid only during the call. `offset` is where it begins in the
    /// input.
    class Receiver {
    public:
        virtual ~Receiver() = default;
        virtual void take(std::string_view piece, std::size_t offset) = 0;
    };
    /// `text` is valid UTF-8.
    void split(std::string_view text, std::size_t offset, Receiver& receiver) const {
        cut(text, offset, 0, receiver);
    }

private:
    enum class Kind {
        EachDigit,    ///< every numeric character by itself
        DigitRuns,    ///< runs of numeric characters together
        Llama3,       ///< kLlama3Pattern
        Gpt2,         ///< kGpt2Pattern
        Pattern,      ///< matches and what lies between them
        PatternOnly,  ///< matches; what lies between them is dropped
        LeadingBlank, ///< a blank is put before text that begins with none
    };
    struct Step {
        Kind kind;
        std::vector<SplitPattern> pattern = {}; ///< one for Pattern and PatternOnly
    };

    Result<void> add(const Json& json, std::string_view what);
    Result<void> addSplit(const Json& json, std::string_view what);
    Result<void> addByteLevel(const Json& json, std::string_view what);
    void cut(std::string_view text, std::size_t offset, std::size_t step, Receiver& receiver) const;
    void cutDigits(std::string_view text, std::size_t offset, std::size_t step, Receiver& receiver) const;
    void cutPattern(std::string_view text, std::size_t offset, std::size_t step, Receiver& receiver) const;

    std::vector<Step> m_steps;
    bool m_hasByteLevel = false;
};

} // namespace llamahome::text
