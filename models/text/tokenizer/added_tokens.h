// AddedTokens: the tokens that are found in text before it is cut into pieces. Immutable once filled; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer/special_tokens.h"

namespace llamahome::text {

struct AddedToken {
    std::int32_t id = 0;
    std::string text;
    bool special = false;    ///< left out by decode(skipSpecial)
    bool stripLeft = false;  ///< takes the blanks before it along
    bool stripRight = false; ///< takes the blanks after it along
    bool singleWord = false; ///< not found as a part of a word
    bool normalised = false; ///< found in normalised text, after all that are not
    bool control = false;    ///< never recognised in text of SpecialTokens::AsText
};

/// Finds added tokens leftmost and, at one place, longest.
class AddedTokens {
public:
    /// Which tokens are looked for: those found in the text as it is, then those found in normalised text.
    enum class Pass { Raw, Normalised };

    /// Adds a token with non-empty text, found where `matchText` stands. False if its text is there already.
    bool add(AddedToken token, std::string_view matchText);
    /// Makes a token a control token (bos, ends of a turn).
    void markControl(std::int32_t id);

    struct Match {
        std::size_t begin = 0; ///< with the blanks that it takes along
        std::size_t end = 0;
        std::size_t next = 0; ///< where to look for the next: as in the reference, among those blanks too
        std::int32_t id = 0;
    };
    /// The first match in [from, end) of valid UTF-8; what stands around counts for singleWord.
    std::optional<Match> find(std::string_view text, std::size_t from, std::size_t end,
                              SpecialTokens handling, Pass pass) const;
    bool has(Pass pass) const { return !trieOf(pass).isEmpty(); }

    const AddedToken* byId(std::int32_t id) const;
    const AddedToken* byText(std::string_view text) const;
    const std::vector<AddedToken>& all() const { return m_tokens; }

private:
    /// Texts by their bytes; the value is a token's index.
    class Trie {
    public:
        void add(std::string_view text, std::size_t token);
        bool isEmpty() const { return m_edges.empty(); }
        bool mayBegin(char byte) const { return m_firstBytes[static_cast<unsigned char>(byte)]; }
        /// The node below `node` (0: the root), or 0.
        std::uint32_t below(std::uint32_t node, char byte) const;
        std::optional<std::size_t> tokenOf(std::uint32_t node) const { return m_tokenOfNode[node]; }

    private:
        std::unordered_map<std::uint64_t, std::uint32_t> m_edges; ///< (node, byte) to node
        std::vector<std::optional<std::size_t>> m_tokenOfNode{std::nullopt};
        std::array<bool, 256> m_firstBytes{};
    };
    const Trie& trieOf(Pass pass) const { return pass == Pass::Raw ? m_raw : m_normalised; }

    struct Found {
        const AddedToken* token = nullptr; ///< null: none
        std::size_t end = 0;
    };
    /// The longest token at `at`.
    Found longestAt(std::string_view text, std::size_t at, SpecialTokens handling, const Trie& trie) const;

    std::vector<AddedToken> m_tokens;
    std::unordered_map<std::string, std::size_t> m_byText;
    std::unordered_map<std::int32_t, std::size_t> m_byId;
    Trie m_raw;
    Trie m_normalised;
};

} // namespace llamahome::text
