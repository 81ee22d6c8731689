#include "text/tokenizer.h"

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/byte_alphabet.h"
#include "text/tokenizer_data.h"

namespace llamahome::text {
namespace {

/// Turns pieces into tokens with the place where each begins.
class PieceEncoder final : public PreTokenizer::Receiver {
public:
    struct Placed {
        std::int32_t id;
        std::size_t begin;
    };

    explicit PieceEncoder(const Tokenizer::Data& data)
        : m_data(data) {}

    void take(std::string_view piece, std::size_t offset) override {
        m_piece.clear();
        m_data.model.encode(piece, m_scratch, m_piece);
        for (const PieceToken& token : m_piece) {
            tokens.push_back({token.id, offset});
            offset += token.bytes;
        }
    }

    /// Encodes what lies between two added tokens.
    void encodePlain(std::string_view text, std::size_t offset) {
        m_data.preTokenizer.split(text, offset, *this);
    }

    std::vector<Placed> tokens;

private:
    const Tokenizer::Data& m_data;
    BpeScratch m_scratch;
    std::vector<PieceToken> m_piece;
};

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

} // namespace

Tokenizer::Tokenizer(std::shared_ptr<const Data> data)
    : m_data(std::move(data)) {}

Result<Tokenizer> Tokenizer::parse(const Json& tokenizerJson, std::string_view what) {
    auto data = readTokenizerJson(tokenizerJson, what);
    if (!data) return data.error();
    return Tokenizer(std::make_shared<const Data>(std::move(*data)));
}

std::vector<SpanToken> Tokenizer::encodeSpans(std::span<const TextSpan> spans) const {
    const JoinedSpans joined = join(spans);
    const std::string_view text = joined.text;
    PieceEncoder encoder(*m_data);
    std::size_t plainBegin = 0;
    std::size_t spanBegin = 0;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const std::string_view upToEnd = text.substr(0, joined.ends[i]);
        while (const auto match = m_data->added.find(upToEnd, spanBegin, spans[i].handling)) {
            encoder.encodePlain(text.substr(plainBegin, match->begin - plainBegin), plainBegin);
            encoder.tokens.push_back({match->id, match->begin});
            plainBegin = spanBegin = match->end;
        }
        spanBegin = joined.ends[i];
    }
    encoder.encodePlain(text.substr(plainBegin), plainBegin);
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
    ids.reserve(tokens.size() + m_data->before.size() + m_data->after.size());
    if (addSpecial) ids = m_data->before;
    for (const SpanToken& token : tokens)
        ids.push_back(token.id);
    if (addSpecial) ids.insert(ids.end(), m_data->after.begin(), m_data->after.end());
    return ids;
}

Result<std::string> Tokenizer::decode(std::span<const std::int32_t> ids, bool skipSpecial) const {
    std::string bytes;
    for (const std::int32_t id : ids) {
        if (!m_data->hasToken(id))
            return Error{codes::kNoSuchToken,
                         "token id " + std::to_string(id) + ": no such token, expected one below " +
                             std::to_string(m_data->vocabSize) + "; were the ids made with another model?"};
        if (skipSpecial && isSpecial(id)) continue;
        bytes += tokenBytes(id);
    }
    return replaceInvalidUtf8(bytes);
}

std::string Tokenizer::tokenBytes(std::int32_t id) const {
    if (const AddedToken* token = m_data->added.byId(id)) {
        // The reference's decoder does not know added tokens from others: spelled in its alphabet they are
        // bytes.
        return formats::bytesOfSpelling(token->text).value_or(token->text);
    }
    return std::string(m_data->model.bytesOf(id));
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
    return m_data->before;
}

const std::vector<std::int32_t>& Tokenizer::endTokens() const {
    return m_data->endTokens;
}

const std::vector<std::string>& Tokenizer::notices() const {
    return m_data->notices;
}

} // namespace llamahome::text
