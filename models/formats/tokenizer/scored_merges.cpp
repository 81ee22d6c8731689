#include "formats/tokenizer/scored_merges.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "formats/tokenizer/rank_table.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxTriedBytes = 1U << 30; ///< of all ways to cut all tokens; Llama 2's take 2 MB
constexpr std::size_t kMaxTokenBytes = 1U << 14;
constexpr float kAddedScore = -1000.0F;
constexpr float kUnusedScore = -10000.0F;

Error tooMuch(std::string_view what) {
    return Error{codes::kTokenizerLimit,
                 std::string(what) + ": its merges take more than any tokenizer needs; get the model again"};
}

/// Ids of the tokens that take part in merges. A blank would part a merge's text, and stands in no text that
/// is merged.
class OrdinaryTokens {
public:
    explicit OrdinaryTokens(const TokenizerParts& parts) {
        for (std::size_t id = 0; id < parts.tokens.size(); ++id)
            if (parts.kinds[id] == TokenKind::Ordinary && parts.tokens[id].find(' ') == std::string::npos)
                m_ids.emplace(parts.tokens[id], id);
    }
    bool has(std::string_view text) const { return m_ids.contains(text); }
    const std::unordered_map<std::string_view, std::size_t>& ids() const { return m_ids; }
    /// TK-02 where trying all ways to cut all of them would take long.
    Result<void> checkTried(std::string_view what) const {
        std::size_t bytes = 0;
        for (const auto& [text, id] : m_ids) {
            if (text.size() > kMaxTokenBytes) return tooMuch(what);
            bytes += text.size() * text.size();
            if (bytes > kMaxTriedBytes) return tooMuch(what);
        }
        return {};
    }

private:
    std::unordered_map<std::string_view, std::size_t> m_ids;
};

/// Calls `take(left, right)` with each way to cut a text between two of its characters.
template <class Take>
void forEachCut(std::string_view text, const Take& take) {
    for (std::size_t at = decodeUtf8(text, 0).length; at < text.size(); at += decodeUtf8(text, at).length)
        take(text.substr(0, at), text.substr(at));
}

/// Whether a text is one character again and again, the same as in `other`.
bool isSameRun(std::string_view text, std::string_view other) {
    const std::string_view unit = other.substr(0, decodeUtf8(other, 0).length);
    while (text.starts_with(unit))
        text.remove_prefix(unit.size());
    return text.empty();
}

/// Tokens in the order in which merges make them first, those without merges last; from one class to the next
/// the score falls.
class ScoreOrder {
public:
    explicit ScoreOrder(std::size_t tokens)
        : m_places(tokens, kNowhere) {}

    void add(std::size_t token) {
        m_places[token] = m_order.size();
        m_classes.push_back(m_order.size());
        m_order.push_back(token);
    }
    bool has(std::size_t token) const { return m_places[token] != kNowhere; }
    /// Takes the token and all that came after it first as one class, which is given where it has grown.
    std::span<const std::size_t> comeBackTo(std::size_t token) {
        if (m_classes.back() <= m_places[token]) return {};
        while (m_classes.back() > m_places[token])
            m_classes.pop_back();
        return std::span(m_order).subspan(m_classes.back());
    }
    void fill(std::vector<float>& scores) const {
        std::size_t next = 0;
        for (std::size_t place = 0; place < m_order.size(); ++place) {
            if (next < m_classes.size() && m_classes[next] == place) ++next;
            scores[m_order[place]] = -static_cast<float>(m_classes[next - 1]);
        }
    }

private:
    static constexpr std::size_t kNowhere = ~std::size_t{0};

    std::vector<std::size_t> m_order;
    std::vector<std::size_t> m_places;  ///< in m_order, by token
    std::vector<std::size_t> m_classes; ///< where each begins in m_order
};

} // namespace

Result<std::vector<std::string>> mergesOfScores(const TokenizerParts& parts, const std::vector<float>& scores,
                                                std::string_view what) {
    const OrdinaryTokens ordinary(parts);
    if (auto checked = ordinary.checkTried(what); !checked) return checked.error();
    std::vector<std::size_t> order;
    for (std::size_t id = 0; id < parts.tokens.size(); ++id)
        if (parts.kinds[id] == TokenKind::Ordinary) order.push_back(id);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    std::vector<std::string> merges;
    std::size_t bytes = 0;
    for (const std::size_t id : order) {
        if (!ordinary.has(parts.tokens[id])) continue; // a blank in it
        forEachCut(parts.tokens[id], [&](std::string_view left, std::string_view right) {
            if (bytes > kMaxMergeBytes || !ordinary.has(left) || !ordinary.has(right)) return;
            bytes += parts.tokens[id].size();
            merges.push_back(std::string(left).append(1, ' ').append(right));
        });
        if (bytes > kMaxMergeBytes) return tooMuch(what);
    }
    return merges;
}

Result<std::vector<float>> scoresOfMerges(const TokenizerParts& parts, std::string_view what) {
    const OrdinaryTokens ordinary(parts);
    const auto refused = [&](const std::string& token, const char* how) {
        return Error{codes::kExportKind, std::string(what) + ": found merges that " + how + " the token " +
                                             quotedText(token) +
                                             ", expected an order that scores of tokens express; this "
                                             "tokenizer cannot be written to GGUF"};
    };
    if (auto checked = ordinary.checkTried(what); !checked) return checked.error();
    std::vector<std::size_t> ways(parts.tokens.size(), 0); // found for each token
    ScoreOrder order(parts.tokens.size());
    for (const std::string& merge : parts.merges) {
        const std::size_t blank = merge.find(' ');
        const std::string_view left = std::string_view(merge).substr(0, blank);
        const std::string_view right = std::string_view(merge).substr(blank + 1);
        const auto made = ordinary.ids().find(std::string(left).append(right));
        if (made == ordinary.ids().end() || !ordinary.has(left) || !ordinary.has(right)) continue;
        const std::string& token = parts.tokens[made->second];
        ++ways[made->second];
        if (!order.has(made->second)) order.add(made->second);
        for (const std::size_t other : order.comeBackTo(made->second))
            if (other != made->second && !isSameRun(parts.tokens[other], token))
                return refused(token, "come back to");
    }
    std::vector<float> scores(parts.tokens.size(), 0.0F);
    for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
        if (parts.kinds[id] == TokenKind::Unused) scores[id] = kUnusedScore;
        if (parts.kinds[id] == TokenKind::Special || parts.kinds[id] == TokenKind::UserDefined)
            scores[id] = kAddedScore;
        if (parts.kinds[id] != TokenKind::Ordinary) continue;
        const std::string& text = parts.tokens[id];
        std::size_t possible = 0;
        if (ordinary.has(text))
            forEachCut(text, [&](std::string_view left, std::string_view right) {
                possible += ordinary.has(left) && ordinary.has(right) ? 1U : 0U;
            });
        if (possible != ways[id]) return refused(text, "lack a way to make");
        if (ways[id] == 0) order.add(id);
    }
    order.fill(scores);
    return scores;
}

} // namespace llamahome::formats
