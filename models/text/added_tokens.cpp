#include "text/added_tokens.h"

#include "text/char_class.h"

namespace llamahome::text {
namespace {

std::uint64_t edgeKey(std::uint32_t node, char byte) {
    return (std::uint64_t{node} << 8) | static_cast<unsigned char>(byte);
}

bool isBlankAt(std::string_view text, std::size_t at) {
    return classAt(text, at).charClass == CharClass::Space;
}

} // namespace

bool AddedTokens::add(AddedToken token) {
    if (!m_byText.emplace(token.text, m_tokens.size()).second) return false;
    std::uint32_t node = 0;
    for (const char byte : token.text) {
        const auto next = static_cast<std::uint32_t>(m_tokenOfNode.size());
        const auto [edge, isNew] = m_edges.emplace(edgeKey(node, byte), next);
        if (isNew) m_tokenOfNode.push_back(-1);
        node = edge->second;
    }
    m_tokenOfNode[node] = static_cast<std::ptrdiff_t>(m_tokens.size());
    m_firstBytes[static_cast<unsigned char>(token.text.front())] = true;
    m_byId.emplace(token.id, m_tokens.size());
    m_tokens.push_back(std::move(token));
    return true;
}

void AddedTokens::markControl(std::int32_t id) {
    const auto found = m_byId.find(id);
    if (found != m_byId.end()) m_tokens[found->second].control = true;
}

const AddedToken* AddedTokens::longestAt(std::string_view text, std::size_t at,
                                         SpecialTokens handling) const {
    const AddedToken* longest = nullptr;
    std::uint32_t node = 0;
    for (; at < text.size(); ++at) {
        const auto edge = m_edges.find(edgeKey(node, text[at]));
        if (edge == m_edges.end()) break;
        node = edge->second;
        if (m_tokenOfNode[node] < 0) continue;
        const AddedToken& token = m_tokens[static_cast<std::size_t>(m_tokenOfNode[node])];
        if (handling == SpecialTokens::Recognised || !token.control) longest = &token;
    }
    return longest;
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, std::size_t from,
                                                    SpecialTokens handling) const {
    if (m_tokens.empty()) return std::nullopt;
    for (std::size_t at = from; at < text.size(); ++at) {
        if (!m_firstBytes[static_cast<unsigned char>(text[at])]) continue;
        const AddedToken* token = longestAt(text, at, handling);
        if (token == nullptr) continue;
        Match match{at, at + token->text.size(), token->id};
        while (token->stripLeft && match.begin > from) {
            std::size_t before = match.begin - 1;
            while (before > from && (static_cast<unsigned char>(text[before]) & 0xC0U) == 0x80U)
                --before;
            if (!isBlankAt(text, before)) break;
            match.begin = before;
        }
        while (token->stripRight && match.end < text.size() && isBlankAt(text, match.end))
            match.end += classAt(text, match.end).length;
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
