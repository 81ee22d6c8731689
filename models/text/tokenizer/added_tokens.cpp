#include "text/tokenizer/added_tokens.h"

#include <algorithm>

#include "text/tokenizer/char_class.h"

namespace llamahome::text {
namespace {

std::uint64_t edgeKey(std::uint32_t node, char byte) {
    return (std::uint64_t{node} << 8) | static_cast<unsigned char>(byte);
}

/// Whether a word stands right before or after [begin, end).
bool touchesWord(std::string_view text, std::size_t begin, std::size_t end) {
    if (end < text.size() && isWordChar(decodeUtf8(text, end).codePoint)) return true;
    if (begin == 0) return false;
    std::size_t last = begin - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U)
        --last;
    return isWordChar(decodeUtf8(text, last).codePoint);
}

} // namespace

void AddedTokens::Trie::add(std::string_view text, std::size_t token) {
    std::uint32_t node = 0;
    for (const char byte : text) {
        const auto next = static_cast<std::uint32_t>(m_tokenOfNode.size());
        const auto [edge, isNew] = m_edges.emplace(edgeKey(node, byte), next);
        if (isNew) m_tokenOfNode.push_back(std::nullopt);
        node = edge->second;
    }
    // Two texts may have one normal form; the first keeps it.
    if (!m_tokenOfNode[node]) m_tokenOfNode[node] = token;
    m_firstBytes[static_cast<unsigned char>(text.front())] = true;
}

std::uint32_t AddedTokens::Trie::below(std::uint32_t node, char byte) const {
    const auto edge = m_edges.find(edgeKey(node, byte));
    return edge == m_edges.end() ? 0 : edge->second;
}

bool AddedTokens::add(AddedToken token, std::string_view matchText) {
    if (!m_byText.emplace(token.text, m_tokens.size()).second) return false;
    if (!matchText.empty()) (token.normalised ? m_normalised : m_raw).add(matchText, m_tokens.size());
    m_byId.emplace(token.id, m_tokens.size());
    m_tokens.push_back(std::move(token));
    return true;
}

void AddedTokens::markControl(std::int32_t id) {
    const auto found = m_byId.find(id);
    if (found != m_byId.end()) m_tokens[found->second].control = true;
}

AddedTokens::Found AddedTokens::longestAt(std::string_view text, std::size_t at, SpecialTokens handling,
                                          const Trie& trie) const {
    Found longest;
    std::uint32_t node = 0;
    while (at < text.size()) {
        node = trie.below(node, text[at++]);
        if (node == 0) break;
        const auto index = trie.tokenOf(node);
        if (!index) continue;
        const AddedToken& token = m_tokens[*index];
        if (handling == SpecialTokens::Recognised || !token.control) longest = {&token, at};
    }
    return longest;
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, std::size_t from, std::size_t end,
                                                    SpecialTokens handling, Pass pass) const {
    const Trie& trie = trieOf(pass);
    if (trie.isEmpty()) return std::nullopt;
    const std::string_view searched = text.substr(0, end);
    for (std::size_t at = from; at < end;) {
        const Found found = trie.mayBegin(text[at]) ? longestAt(searched, at, handling, trie) : Found{};
        if (found.token == nullptr) {
            ++at;
            continue;
        }
        if (found.token->singleWord && touchesWord(text, at, found.end)) {
            at = found.end;
            continue;
        }
        Match match{at, found.end, found.end, found.token->id};
        if (found.token->stripLeft) match.begin -= trailingBlanks(text.substr(from, at - from));
        if (found.token->stripRight) match.end += leadingBlanks(searched.substr(found.end));
        return match;
    }
    return std::nullopt;
}

const AddedToken* AddedTokens::byId(std::int32_t id) const {
    const auto found = m_byId.find(id);
    return found == m_byId.end() ? nullptr : &m_tokens[found->second];
}

const AddedToken* AddedTokens::byText(std::string_view text) const {
    const auto found = m_byText.find(std::string(text));
    return found == m_byText.end() ? nullptr : &m_tokens[found->second];
}

} // namespace llamahome::text
