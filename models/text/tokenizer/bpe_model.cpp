#include "text/tokenizer/bpe_model.h"

#include <algorithm>
#include <functional>

#include "core/utf8.h"

namespace llamahome::text {
namespace {

constexpr std::size_t kShortPiece = 48;  ///< symbols up to which a plain scan beats the heap
constexpr std::size_t kLongPiece = 4096; ///< symbols up to which a heap of places stays in the cache
constexpr std::uint32_t kNone = 0xFFFFFFFF;
/// Entries of the queue by rank for a symbol. In order, merges need 3; beyond this a heap costs less.
constexpr std::size_t kMostEntries = 6;

/// Order of a min-heap by rank, then from the left.
bool isLater(const BpeScratch::Candidate& a, const BpeScratch::Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
}

} // namespace

void BpeModel::encode(std::string_view piece, BpeScratch& scratch, std::vector<PieceToken>& out) const {
    if (!m_cutsPieces) return encodePart(piece, scratch, out);
    for (std::size_t at = 0; at < piece.size();) {
        const std::size_t end = partEnd(piece, at);
        encodePart(piece.substr(at, end - at), scratch, out);
        at = end;
    }
}

std::size_t BpeModel::partEnd(std::string_view piece, std::size_t at) const {
    Utf8Char before = decodeUtf8(piece, at);
    for (at += before.length; at < piece.size(); at += before.length) {
        const Utf8Char next = decodeUtf8(piece, at);
        const bool joined = static_cast<bool>(m_junctions.find(static_cast<std::int32_t>(before.codePoint),
                                                               static_cast<std::int32_t>(next.codePoint)));
        // Unknown characters stay with what is before them, which they may be fused with.
        if (!joined && m_tokens.find(piece.substr(at, next.length)) >= 0) break;
        before = next;
    }
    return at;
}

void BpeModel::encodePart(std::string_view part, BpeScratch& scratch, std::vector<PieceToken>& out) const {
    const std::int32_t whole = m_tokens.find(part);
    if (whole >= 0 && m_wholePiece[static_cast<std::size_t>(whole)]) {
        out.push_back({whole, static_cast<std::uint32_t>(part.size())});
        return;
    }
    if (m_spelling == Spelling::ByteAlphabet)
        startSymbols(part, scratch);
    else
        startCharacters(part, scratch);
    if (scratch.symbols.size() <= kShortPiece)
        mergeShort(scratch, out);
    else if (scratch.symbols.size() <= kLongPiece)
        mergeLong(scratch, out);
    else
        mergeVeryLong(scratch, out);
}

void BpeModel::startSymbols(std::string_view piece, BpeScratch& scratch) const {
    scratch.symbols.clear();
    bool afterUnknown = false;
    for (const char c : piece) {
        const std::int32_t id = m_byteIds[static_cast<unsigned char>(c)];
        if (id >= 0)
            scratch.symbols.push_back({id, 1});
        else if (afterUnknown && m_fuseUnknown)
            ++scratch.symbols.back().bytes;
        else if (m_unknown >= 0)
            scratch.symbols.push_back({m_unknown, 1});
        afterUnknown = id < 0 && m_unknown >= 0;
    }
}

void BpeModel::startCharacters(std::string_view piece, BpeScratch& scratch) const {
    auto& symbols = scratch.symbols;
    symbols.clear();
    PieceToken unknown; // appended once the next character is known not to join it
    const auto appendUnknown = [&] {
        if (unknown.bytes > 0) symbols.push_back(unknown);
        unknown.bytes = 0;
    };
    for (std::size_t at = 0; at < piece.size();) {
        const bool ascii = static_cast<unsigned char>(piece[at]) < 0x80;
        const unsigned length = ascii ? 1 : decodeUtf8(piece, at).length;
        const std::string_view character = piece.substr(at, length);
        const std::int32_t id =
            ascii ? m_asciiIds[static_cast<unsigned char>(piece[at])] : m_tokens.find(character);
        at += length;
        if (id >= 0) {
            appendUnknown();
            symbols.push_back({id, length});
            continue;
        }
        // As in the reference, these go before an unknown token that is still open.
        if (m_byteFallback && appendByteTokens(character, scratch)) continue;
        if (m_unknown < 0) continue;
        if (!m_fuseUnknown) appendUnknown();
        unknown = {m_unknown, unknown.bytes + length};
    }
    appendUnknown();
}

bool BpeModel::appendByteTokens(std::string_view character, BpeScratch& scratch) const {
    const std::size_t before = scratch.symbols.size();
    for (const char c : character) {
        const std::int32_t id = m_byteIds[static_cast<unsigned char>(c)];
        if (id < 0) {
            scratch.symbols.resize(before);
            return false;
        }
        scratch.symbols.push_back({id, 1});
    }
    return true;
}

void BpeModel::mergeShort(BpeScratch& scratch, std::vector<PieceToken>& out) const {
    auto& symbols = scratch.symbols;
    auto& merges = scratch.merges;
    const auto mergeAt = [&](std::size_t i) { return m_merges.find(symbols[i].id, symbols[i + 1].id); };
    merges.clear();
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
        merges.push_back(mergeAt(i));
    while (true) {
        std::size_t best = merges.size();
        for (std::size_t i = 0; i < merges.size(); ++i) {
            if (merges[i] && (best == merges.size() || merges[i].rank < merges[best].rank)) best = i;
        }
        if (best == merges.size()) break;
        symbols[best] = {merges[best].result, symbols[best].bytes + symbols[best + 1].bytes};
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
        merges.erase(merges.begin() + static_cast<std::ptrdiff_t>(best));
        if (best > 0) merges[best - 1] = mergeAt(best - 1);
        if (best < merges.size()) merges[best] = mergeAt(best);
    }
    out.insert(out.end(), symbols.begin(), symbols.end());
}

void BpeModel::mergeLong(BpeScratch& scratch, std::vector<PieceToken>& out) const {
    auto& symbols = scratch.symbols;
    auto& heap = scratch.heap;
    const auto count = static_cast<std::uint32_t>(symbols.size());
    scratch.next.resize(count);
    scratch.previous.resize(count);
    heap.clear();
    const auto candidateAt = [&](std::uint32_t left) {
        const std::uint32_t right = scratch.next[left];
        const Merge merge = right == kNone ? Merge{} : m_merges.find(symbols[left].id, symbols[right].id);
        return BpeScratch::Candidate{merge.rank, left, merge.result};
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        scratch.next[i] = i + 1 < count ? i + 1 : kNone;
        scratch.previous[i] = i > 0 ? i - 1 : kNone;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto candidate = candidateAt(i);
        if (candidate.result >= 0) heap.push_back(candidate);
    }
    std::make_heap(heap.begin(), heap.end(), isLater);
    const auto push = [&](std::uint32_t left) {
        const auto candidate = candidateAt(left);
        if (candidate.result < 0) return;
        heap.push_back(candidate);
        std::push_heap(heap.begin(), heap.end(), isLater);
    };
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), isLater);
        const auto top = heap.back();
        heap.pop_back();
        const std::uint32_t left = top.at;
        if (symbols[left].bytes == 0 || candidateAt(left).result != top.result) continue; // outdated
        const std::uint32_t right = scratch.next[left];
        symbols[left] = {top.result, symbols[left].bytes + symbols[right].bytes};
        symbols[right].bytes = 0;
        scratch.next[left] = scratch.next[right];
        if (scratch.next[left] != kNone) scratch.previous[scratch.next[left]] = left;
        if (scratch.previous[left] != kNone) push(scratch.previous[left]);
        push(left);
    }
    for (const PieceToken& symbol : symbols) {
        if (symbol.bytes > 0) out.push_back(symbol);
    }
}

namespace {

/// The places that a rank has, taken from the left, rank by rank: near to linear, where a heap of all places
/// would leave the processor's cache.
class RankQueue {
public:
    RankQueue(BpeScratch& scratch, std::size_t rankCount)
        : m_scratch(scratch) {
        if (scratch.firstOfRank.size() < rankCount) scratch.firstOfRank.resize(rankCount, kNone);
        scratch.waiting.clear();
        scratch.ranks.clear();
    }
    /// Clears what was left: a vocabulary of many long tokens would pay for every rank at each of them.
    ~RankQueue() {
        for (const std::uint32_t rank : m_scratch.ranks)
            m_scratch.firstOfRank[rank] = kNone;
    }
    RankQueue(const RankQueue&) = delete;
    RankQueue& operator=(const RankQueue&) = delete;

    std::size_t entries() const { return m_scratch.waiting.size(); }

    void push(std::uint32_t rank, std::uint32_t at) {
        std::uint32_t& first = m_scratch.firstOfRank[rank];
        if (first == kNone) {
            m_scratch.ranks.push_back(rank);
            std::push_heap(m_scratch.ranks.begin(), m_scratch.ranks.end(), std::greater<>());
        }
        m_scratch.waiting.push_back({at, first});
        first = static_cast<std::uint32_t>(m_scratch.waiting.size() - 1);
    }

    /// The lowest rank, its places then in `places`; kNone at the end.
    std::uint32_t takeLowest() {
        if (m_scratch.ranks.empty()) return kNone;
        std::pop_heap(m_scratch.ranks.begin(), m_scratch.ranks.end(), std::greater<>());
        const std::uint32_t rank = m_scratch.ranks.back();
        m_scratch.ranks.pop_back();
        auto& places = m_scratch.places;
        places.clear();
        for (std::uint32_t i = m_scratch.firstOfRank[rank]; i != kNone; i = m_scratch.waiting[i].next)
            places.push_back(m_scratch.waiting[i].at);
        m_scratch.firstOfRank[rank] = kNone;
        std::reverse(places.begin(), places.end()); // mostly put in from the left
        if (!std::is_sorted(places.begin(), places.end())) std::sort(places.begin(), places.end());
        return rank;
    }

private:
    BpeScratch& m_scratch;
};

} // namespace

void BpeModel::mergeVeryLong(BpeScratch& scratch, std::vector<PieceToken>& out) const {
    auto& symbols = scratch.symbols;
    auto& merges = scratch.merges;
    const auto count = static_cast<std::uint32_t>(symbols.size());
    scratch.next.resize(count);
    scratch.previous.resize(count);
    merges.assign(count, Merge{});
    RankQueue queue(scratch, m_mergeCount);
    /// Looks at the pair that begins at `left` anew; its rank, or kNone.
    const auto look = [&](std::uint32_t left) {
        const std::uint32_t right = scratch.next[left];
        merges[left] = right == kNone ? Merge{} : m_merges.find(symbols[left].id, symbols[right].id);
        if (!merges[left]) return kNone;
        queue.push(merges[left].rank, left);
        return merges[left].rank;
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        scratch.next[i] = i + 1 < count ? i + 1 : kNone;
        scratch.previous[i] = i > 0 ? i - 1 : kNone;
    }
    for (std::uint32_t i = 0; i < count; ++i)
        look(i);
    for (std::uint32_t rank = queue.takeLowest(); rank != kNone; rank = queue.takeLowest()) {
        const auto& places = scratch.places;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::uint32_t left = places[i];
            if (!merges[left] || merges[left].rank != rank) continue; // outdated
            const std::uint32_t right = scratch.next[left];
            symbols[left] = {merges[left].result, symbols[left].bytes + symbols[right].bytes};
            symbols[right].bytes = 0;
            merges[right] = {};
            scratch.next[left] = scratch.next[right];
            if (scratch.next[left] != kNone) scratch.previous[scratch.next[left]] = left;
            const std::uint32_t before = scratch.previous[left];
            const std::uint32_t lowest = std::min(before != kNone ? look(before) : kNone, look(left));
            if (lowest > rank) continue;
            // Merges out of the order in which they are learned: the lower one comes first. Where that
            // happens again and again, waiting places would be put back without end.
            if (queue.entries() + (places.size() - i) > kMostEntries * count) return mergeRest(scratch, out);
            for (std::size_t rest = i + 1; rest < places.size(); ++rest)
                queue.push(rank, places[rest]);
            break;
        }
    }
    for (const PieceToken& symbol : symbols) {
        if (symbol.bytes > 0) out.push_back(symbol);
    }
}

void BpeModel::mergeRest(BpeScratch& scratch, std::vector<PieceToken>& out) const {
    std::erase_if(scratch.symbols, [](const PieceToken& symbol) { return symbol.bytes == 0; });
    mergeLong(scratch, out);
}

void BpeModel::findWholePieces() {
    m_wholePiece.assign(m_idEnd, false);
    std::vector<bool> whole(m_idEnd, m_ignoreMerges);
    BpeScratch scratch;
    std::vector<PieceToken> tokens;
    for (std::size_t i = 0; !m_ignoreMerges && i < m_idEnd; ++i) {
        const auto id = static_cast<std::int32_t>(i);
        tokens.clear();
        encode(m_tokens.bytesOf(id), scratch, tokens);
        whole[i] = tokens.size() == 1 && tokens.front().id == id;
    }
    m_wholePiece = std::move(whole);
}

void BpeModel::forbidWholePiece(std::int32_t id) {
    if (id >= 0 && static_cast<std::size_t>(id) < m_idEnd) m_wholePiece[static_cast<std::size_t>(id)] = false;
}

std::string_view BpeModel::bytesOf(std::int32_t id) const {
    const auto other = m_otherById.find(id);
    return other != m_otherById.end() ? std::string_view(other->second) : m_tokens.bytesOf(id);
}

bool BpeModel::has(std::int32_t id) const {
    return id >= 0 && static_cast<std::size_t>(id) < m_idEnd && m_known[static_cast<std::size_t>(id)];
}

std::size_t BpeModel::missingBytes() const {
    if (m_spelling == Spelling::Text && !m_byteFallback) return 0;
    return static_cast<std::size_t>(std::count(m_byteIds.begin(), m_byteIds.end(), -1));
}

} // namespace llamahome::text
