#include "formats/tokenizer/scored_merges.h"

#include <algorithm>
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
    std::vector<std::size_t> order;
    for (const std::string& merge : parts.merges) {
        const std::size_t blank = merge.find(' ');
        const std::string_view left = std::string_view(merge).substr(0, blank);
        const std::string_view right = std::string_view(merge).substr(blank + 1);
        const auto made = ordinary.ids().find(std::string(left).append(right));
        if (made == ordinary.ids().end() || !ordinary.has(left) || !ordinary.has(right)) continue;
        if (ways[made->second]++ == 0) order.push_back(made->second);
        if (order.back() != made->second) return refused(parts.tokens[made->second], "come back to");
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
        if (ways[id] == 0) order.push_back(id);
    }
    for (std::size_t place = 0; place < order.size(); ++place)
        scores[order[place]] = -static_cast<float>(place);
    return scores;
}

} // namespace llamahome::formats
