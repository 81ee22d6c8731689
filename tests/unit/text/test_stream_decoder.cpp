// Text as its tokens come: never half a character, and never later than it can be told.
#include <QTest>

#include "core/json.h"
#include "core/utf8.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "text/tokenizer/stream_decoder.h"

using namespace llamahome;
using namespace llamahome::text;
using Ids = std::vector<std::int32_t>;

namespace {

// Two, four, three and four bytes, the last of characters that are shown as one.
constexpr std::string_view kText = "\xC3\xA9\xF0\x9F\x99\x82\xE4\xBD\xA0\xF0\x9F\x91\xA9";

/// A byte-level vocabulary of these bytes' every stretch.
Json stretches(std::string_view text) {
    Json json = *parseJson(R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},
        "decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{},"merges":[]}})",
                           "stretches");
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        for (std::size_t end = begin + 1; end <= text.size(); ++end) {
            Json& vocabulary = json["model"]["vocab"];
            const auto id = vocabulary.size();
            vocabulary.emplace(formats::spellingOfBytes(text.substr(begin, end - begin)), id);
        }
    }
    return json;
}

/// Characters, and all bytes to fall back to.
Json charactersAndBytes(const std::vector<std::string>& characters) {
    Json json = *parseJson(R"({"pre_tokenizer":null,"decoder":{"type":"Sequence","decoders":[
        {"type":"Replace","pattern":{"String":"\u2581"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"}]},
        "model":{"type":"BPE","byte_fallback":true,"vocab":{},"merges":[]}})",
                           "bytes");
    for (int byte = 0; byte < 256; ++byte) {
        const std::string spelling =
            QStringLiteral("<0x%1>").arg(byte, 2, 16, QLatin1Char('0')).toStdString();
        json["model"]["vocab"]
            ["<0x" + QString::fromStdString(spelling.substr(3, 2)).toUpper().toStdString() + ">"] = byte;
    }
    int id = 256;
    for (const std::string& character : characters)
        json["model"]["vocab"][character] = id++;
    return json;
}

/// What is wrong with the pieces of a stream of tokens whose bytes, one after the other, are `parts`.
QByteArray faultOf(const Tokenizer& tokenizer, const Ids& ids, const std::vector<std::string>& parts) {
    StreamDecoder stream(tokenizer);
    std::string fed;
    std::string told;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto piece = stream.feed(ids[i]);
        if (!piece) return piece.error().message.c_str();
        if (!isUtf8(*piece)) return "a piece is no UTF-8";
        fed += parts[i];
        told += *piece;
        if (told != fed.substr(0, fed.size() - unfinishedUtf8Bytes(fed)))
            return "a piece comes early or late";
    }
    if (!stream.flush().empty()) return "something is left at the end";
    return told == *tokenizer.decode(ids, true) ? "" : "the pieces are not the text";
}

} // namespace

class TestStreamDecoder final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCutOfATextIntoBytesComesOutInWholeCharacters() {
        const auto tokenizer = Tokenizer::parse(stretches(kText), "x");
        QVERIFY(tokenizer);
        const std::size_t cuts = kText.size() - 1;
        for (std::size_t mask = 0; mask < (std::size_t{1} << cuts); ++mask) {
            Ids ids;
            std::vector<std::string> parts;
            for (std::size_t begin = 0, at = 0; at < kText.size(); ++at) {
                if (at < cuts && (mask >> at & 1U) == 0) continue;
                parts.emplace_back(kText.substr(begin, at + 1 - begin));
                ids.push_back(*tokenizer->idOf(formats::spellingOfBytes(parts.back())));
                begin = at + 1;
            }
            const QByteArray fault = faultOf(*tokenizer, ids, parts);
            QVERIFY2(fault.isEmpty(),
                     (fault + " with cuts " + QByteArray::number(qulonglong(mask), 2)).data());
        }
    }

    void everyMixtureOfCharactersAndFallbackBytesComesOutInWholeCharacters() {
        const std::vector<std::string> characters{
            "a", "\xC3\xA9", "\xE2\x96\x81", "\xF0\x9F\x99\x82", "\xE4\xBD\xA0", "\xF0\x9F\x91\xA9"};
        const auto tokenizer = Tokenizer::parse(charactersAndBytes(characters), "x");
        QVERIFY2(tokenizer, tokenizer ? "" : tokenizer.error().message.c_str());
        for (std::size_t mask = 0; mask < (std::size_t{1} << characters.size()); ++mask) {
            Ids ids;
            std::vector<std::string> parts;
            for (std::size_t i = 0; i < characters.size(); ++i) {
                if ((mask >> i & 1U) == 0) {
                    ids.push_back(*tokenizer->idOf(characters[i]));
                    parts.push_back(characters[i] == "\xE2\x96\x81" ? " " : characters[i]);
                    continue;
                }
                for (const char byte : characters[i]) {
                    ids.push_back(static_cast<unsigned char>(byte));
                    parts.emplace_back(1, byte);
                }
            }
            const QByteArray fault = faultOf(*tokenizer, ids, parts);
            QVERIFY2(fault.isEmpty(), (fault + " with " + QByteArray::number(qulonglong(mask), 2)).data());
        }
    }
};

QTEST_GUILESS_MAIN(TestStreamDecoder)
#include "test_stream_decoder.moc"
