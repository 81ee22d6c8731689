// AddedTokens: the tokens that are found in text before it is cut into pieces. Immutable once filled; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/special_tokens.h"

namespace llamahome::text {

struct AddedToken {
    std::int32_t id = 0;
    std::string text;
    bool special = false;    ///< left out by decode(skipSpecial)
    bool stripLeft = false;  ///< takes the blanks before it along
    bool stripRight = false; ///< takes the blanks after it along
    bool control = false;    ///< never recognised in text of SpecialTokens::AsText
};

/// Finds added tokens leftmost and, at one place, longest.
class AddedTokens {
public:
    /// Adds a token with non-empty text. False if its text is there already.
    bool add(AddedToken token);
    /// Makes a token a control token (bos, ends of a turn).
    void markControl(std::int32_t id);

    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::int32_t id = 0;
    };
    /// The first match at or after `from`.
    std::optional<Match> find(std::string_view text, std::size_t from, SpecialTokens handling) const;

    const AddedToken* byId(std::int32_t id) const;
    const AddedToken* byText(std::string_view text) const;
    const std::vector<AddedToken>& all() const { return m_tokens; }

private:
    /// The longest token whose text begins at `at`, or null.
    const AddedToken* longestAt(std::string_view text, std::size_t at, SpecialTokens handling) const;

    std::vector<AddedToken> m_tokens;
    std::unordered_map<std::string, std::size_t> m_byText;
    std::unordered_map<std::int32_t, std::size_t> m_byId;
    std::unordered_map<std::uint64_t, std::uint32_t> m_edges; ///< trie: (node, byte) to node; 0 is the root
    std::vector<std::ptrdiff_t> m_tokenOfNode{-1};            ///< index of the token that ends there, or -1
    std::vector<bool> m_firstBytes = std::vector<bool>(256, false);
};

} // namespace llamahome::text
