// StreamDecoder: token ids one at a time to text, never half a character. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::text {

/// The pieces it returns, joined, are Tokenizer::decode() of all ids.
class StreamDecoder {
public:
    explicit StreamDecoder(Tokenizer tokenizer, bool skipSpecial = true)
        : m_tokenizer(std::move(tokenizer))
        , m_skipSpecial(skipSpecial) {}

    /// The characters that this token completes; empty while one is unfinished. What can no longer become a
    /// character is U+FFFD at once. TK-29 for an id without a token, which leaves the state as it was.
    Result<std::string> feed(std::int32_t id);
    /// What is left at the end: U+FFFD for an unfinished character, else nothing. Ready for the next stream
    /// then.
    std::string flush();

private:
    Tokenizer m_tokenizer;
    bool m_skipSpecial;
    DecodeState m_state;
    std::string m_pending; ///< at most 3 bytes of an unfinished character
};

} // namespace llamahome::text
