#include "text/tokenizer/tokenizer.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "text/tokenizer/tokenizer_data.h"

namespace llamahome::text {
namespace {

/// The spans in one valid text, and where each ends in it.
struct JoinedSpans {
    std::string text;
    std::vector<std::size_t> ends;
};

JoinedSpans join(std::span<const TextSpan> spans) {
    JoinedSpans joined;
    for (const TextSpan& span : spans) {
        joined.text += isUtf8(span.text) ? std::string(span.text) : replaceInvalidUtf8(span.text);
        joined.ends.push_back(joined.text.size());
    }
    return joined;
}

/// Takes spans through all stages to tokens, each with the place in the input where it begins.
class SpanEncoder final : public PreTokenizer::Receiver {
public:
    struct Placed {
        std::int32_t id;
        std::size_t begin;
    };

    SpanEncoder(const Tokenizer::Data& data, const JoinedSpans& joined, std::span<const TextSpan> spans)
        : m_data(data)
        , m_ends(joined.ends)
        , m_spans(spans) {
        findAdded(TextPiece{joined.text}, AddedTokens::Pass::Raw,
                  [&](const TextPiece& between) { normalise(between); });
    }

    void take(const TextPiece& piece) override {
        m_piece.clear();
        m_data.model.encode(piece.text, m_scratch, m_piece);
        std::size_t at = 0;
        for (const PieceToken& token : m_piece) {
            tokens.push_back({token.id, piece.originAt(at)});
            at += token.bytes;
        }
    }

    std::vector<Placed> tokens;

private:
    /// Finds added tokens within each span and hands on what lies between them.
    template <class Between>
    void findAdded(const TextPiece& piece, AddedTokens::Pass pass, const Between& between) {
        std::size_t plainBegin = 0;
        std::size_t searched = 0;
        for (std::size_t i = 0; m_data.added.has(pass) && i < m_spans.size(); ++i) {
            const std::size_t end = endOf(i, piece, searched);
            while (const auto match =
                       m_data.added.find(piece.text, searched, end, m_spans[i].handling, pass)) {
                if (plainBegin < match->begin) between(piece.part(plainBegin, match->begin));
                tokens.push_back({match->id, piece.originAt(match->begin)});
                plainBegin = match->end;
                searched = match->next;
            }
            searched = end;
        }
        between(piece.part(plainBegin, piece.text.size()));
    }

    /// Where in `piece` the i-th span ends.
    std::size_t endOf(std::size_t i, const TextPiece& piece, std::size_t from) const {
        if (i + 1 == m_ends.size()) return piece.text.size();
        if (piece.origins == nullptr)
            return std::clamp(m_ends[i], piece.offset + from, piece.offset + piece.text.size()) -
                   piece.offset;
        const auto* begin = piece.origins + from;
        const auto* end = piece.origins + piece.text.size();
        return from + static_cast<std::size_t>(std::lower_bound(begin, end, m_ends[i]) - begin);
    }

    void normalise(const TextPiece& piece) {
        if (m_data.normaliser.isIdentity()) return findNormalised(piece);
        const RewrittenText text = m_data.normaliser.apply(piece);
        findNormalised(text.piece());
    }

    void findNormalised(const TextPiece& piece) {
        findAdded(piece, AddedTokens::Pass::Normalised,
                  [&](const TextPiece& between) { m_data.preTokenizer.split(between, *this); });
    }

    const Tokenizer::Data& m_data;
    const std::vector<std::size_t>& m_ends;
    std::span<const TextSpan> m_spans;
    BpeScratch m_scratch;
    std::vector<PieceToken> m_piece;
};

} // namespace

Tokenizer::Tokenizer(std::shared_ptr<const Data> data)
    : m_data(std::move(data))
    , m_endTokens(m_data->endTokens) {}

Result<Tokenizer> Tokenizer::parse(const Json& tokenizerJson, std::string_view what) {
    auto data = readTokenizerJson(tokenizerJson, what);
    if (!data) return data.error();
    return Tokenizer(std::make_shared<const Data>(std::move(*data)));
}

std::vector<SpanToken> Tokenizer::encodeSpans(std::span<const TextSpan> spans) const {
    const JoinedSpans joined = join(spans);
    const SpanEncoder encoder(*m_data, joined, spans);
    std::vector<SpanToken> result;
    result.reserve(encoder.tokens.size());
    std::size_t span = 0;
    for (const auto& token : encoder.tokens) {
        while (span + 1 < joined.ends.size() && token.begin >= joined.ends[span])
            ++span;
        result.push_back({token.id, span});
    }
    return result;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, SpecialTokens handling,
                                            bool addSpecial) const {
    const TextSpan span{text, handling};
    const auto tokens = encodeSpans({&span, 1});
    std::vector<std::int32_t> ids;
    ids.reserve(tokens.size() + m_data->postProcessor.before.size() + m_data->postProcessor.after.size());
    if (addSpecial) ids = m_data->postProcessor.before;
    for (const SpanToken& token : tokens)
        ids.push_back(token.id);
    if (addSpecial)
        ids.insert(ids.end(), m_data->postProcessor.after.begin(), m_data->postProcessor.after.end());
    return ids;
}

Result<std::string> Tokenizer::decode(std::span<const std::int32_t> ids, bool skipSpecial) const {
    std::string bytes;
    DecodeState state;
    for (const std::int32_t id : ids) {
        if (!m_data->hasToken(id))
            return Error{codes::kNoSuchToken,
                         "token id " + std::to_string(id) + ": no such token, expected one below " +
                             std::to_string(m_data->vocabSize) + "; were the ids made with another model?"};
        if (skipSpecial && isSpecial(id)) continue;
        bytes += tokenBytes(id, state);
    }
    return replaceInvalidUtf8(bytes);
}

std::string Tokenizer::tokenBytes(std::int32_t id, DecodeState& state) const {
    // The reference's decoder does not know added tokens from others.
    const AddedToken* added = m_data->added.byId(id);
    if (!m_data->decoder.isByteLevel())
        return m_data->decoder.bytesOf(added != nullptr ? added->text : m_data->model.bytesOf(id), state);
    if (added != nullptr) return formats::bytesOfSpelling(added->text).value_or(added->text);
    return std::string(m_data->model.bytesOf(id));
}

std::string Tokenizer::tokenBytes(std::int32_t id) const {
    DecodeState withinText{.inText = true};
    return tokenBytes(id, withinText);
}

std::optional<std::int32_t> Tokenizer::idOf(std::string_view token) const {
    return m_data->idOf(token);
}

bool Tokenizer::isSpecial(std::int32_t id) const {
    const AddedToken* token = m_data->added.byId(id);
    return token != nullptr && token->special;
}

bool Tokenizer::hasToken(std::int32_t id) const {
    return m_data->hasToken(id);
}

std::size_t Tokenizer::vocabSize() const {
    return m_data->vocabSize;
}

std::optional<std::int32_t> Tokenizer::bos() const {
    return m_data->bos;
}

const std::vector<std::int32_t>& Tokenizer::prefixTokens() const {
    return m_data->postProcessor.before;
}

Tokenizer Tokenizer::endingAlsoWith(const std::vector<std::string>& tokens) const {
    Tokenizer result = *this;
    auto& ends = result.m_endTokens;
    for (const std::string& token : tokens) {
        const auto id = idOf(token);
        if (id && std::find(ends.begin(), ends.end(), *id) == ends.end()) ends.push_back(*id);
    }
    return result;
}

const std::vector<std::string>& Tokenizer::notices() const {
    return m_data->notices;
}

} // namespace llamahome::text
