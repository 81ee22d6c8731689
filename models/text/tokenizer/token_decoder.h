// TokenDecoder: a tokenizer.json's "decoder", from the spelling of tokens to the bytes of a text. Any thread,
// immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/text_growth.h"
#include "text/tokenizer/text_pattern.h"

namespace llamahome::text {

/// What one token leaves to the next of the same text.
struct DecodeState {
    bool inText = false;  ///< a token was decoded
    bool inStrip = false; ///< all bytes so far were stripped
    std::size_t stripped = 0;
};

/// ByteLevel, or Replace, ByteFallback, Metaspace, Strip, Fuse and Sequence of these.
///
/// Bytes of ByteFallback tokens are put together without looking at whether they are characters; where a run
/// of them is none, the reference gives U+FFFD for each byte of the run, valid ones too, and so knows the
/// text of a token only when the run has ended.
class TokenDecoder {
public:
    /// TK-12 naming a kind or an order of steps that is not read; TK-11 for a pattern, TK-02 for too many
    /// steps.
    static Result<TokenDecoder> parse(const Json& json, std::string_view what);

    /// True where tokens are spelled in the byte alphabet; bytesOf() is for all others.
    bool isByteLevel() const { return m_byteLevel; }
    /// The bytes that this token adds to the text.
    std::string bytesOf(std::string_view spelling, DecodeState& state) const;

private:
    enum class Kind { Replace, ByteFallback, Metaspace, StripToken };
    struct Step {
        Kind kind;
        std::vector<TextPattern> pattern = {}; ///< one for Replace and Metaspace
        std::string content = {};              ///< of Replace
        std::size_t count = 0;                 ///< of StripToken
        bool dropsAtStart = false;             ///< of Metaspace
        char stripped = ' ';                   ///< of StripToken
    };

    Result<void> add(const Json& json, std::string_view what);
    Result<void> addStrip(const Json& json, std::string_view what);

    std::vector<Step> m_steps; ///< on single tokens
    TextGrowth m_growth;
    bool m_byteLevel = false;
    bool m_fused = false;
    std::size_t m_stripCount = 0; ///< how many m_stripped are taken from the beginning of the text
    char m_stripped = ' ';
};

} // namespace llamahome::text
