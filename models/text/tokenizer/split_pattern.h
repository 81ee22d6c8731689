// SplitPattern: a regular expression of a tokenizer.json that has no hand-written scanner. Any thread.
//
// The expressions are written for Oniguruma. Only what means the same in PCRE2 is accepted; \s, \p{L} and
// \p{N} are rewritten to the reference's own sets, everything else of doubtful meaning is refused.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace llamahome::text {

/// A compiled expression; immutable, shared by copies.
class SplitPattern {
public:
    /// TK-11 naming the construct that is not supported, or the compiler's complaint.
    static Result<SplitPattern> compile(std::string_view expression);

    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    /// The first match at or after `at` in valid UTF-8, which may be empty. Back-tracking beyond the budget
    /// counts as no match.
    std::optional<Match> find(std::string_view text, std::size_t at) const;

private:
    struct Code;
    explicit SplitPattern(std::shared_ptr<const Code> code)
        : m_code(std::move(code)) {}
    std::shared_ptr<const Code> m_code;
};

} // namespace llamahome::text
