// Every kind of tokenizer on thousands of varied lines against the reference's answers, kept as hashes.
#include <QFile>
#include <QTest>

#include "core/file_layer.h"
#include "core/json.h"
#include "formats/meta/meta_tokenizer.h"
#include "text/tokenizer/piece_scanner.h"
#include "text/tokenizer/split_pattern.h"
#include "text/tokenizer/stream_decoder.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using text::SpecialTokens;
using text::Tokenizer;
using Ids = std::vector<std::int32_t>;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/";
constexpr std::size_t kLeastLines = 5000;

QByteArray fileBytes(const std::string& name) {
    QFile file(QString::fromStdString(kData + "parity/" + name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::vector<std::string> readLines() {
    const QByteArray packed = qUncompress(fileBytes("lines.z"));
    const auto json =
        parseJson(std::string_view(packed.data(), static_cast<std::size_t>(packed.size())), "lines.z");
    return json ? json->get<std::vector<std::string>>() : std::vector<std::string>();
}

const std::vector<std::string>& lines() {
    static const std::vector<std::string> all = readLines();
    return all;
}

std::vector<std::uint32_t> hashesOf(const std::string& kind) {
    const QByteArray bytes = fileBytes(kind + ".hashes");
    std::vector<std::uint32_t> hashes(static_cast<std::size_t>(bytes.size()) / 4);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        for (std::size_t k = 4; k-- > 0;)
            hashes[i] = hashes[i] << 8 | static_cast<unsigned char>(bytes[static_cast<qsizetype>(4 * i + k)]);
    }
    return hashes;
}

/// As tests/unit/text/make_token_hashes.py has it: FNV-1a of the ids, four bytes each, and the text.
std::uint32_t hashOf(const Ids& ids, const std::string& text) {
    std::uint32_t value = 0x811C9DC5;
    const auto add = [&](std::uint32_t byte) { value = (value ^ byte) * 0x01000193; };
    for (const std::int32_t id : ids) {
        for (int shift = 0; shift < 32; shift += 8)
            add(static_cast<std::uint32_t>(id) >> shift & 0xFFU);
    }
    for (const char c : text)
        add(static_cast<unsigned char>(c));
    return value == 0 ? 1 : value;
}

std::string streamed(const Tokenizer& tokenizer, const Ids& ids) {
    text::StreamDecoder decoder(tokenizer, false);
    std::string all;
    for (const std::int32_t id : ids)
        all += *decoder.feed(id);
    return all + decoder.flush();
}

std::string written(const std::string& line, const Ids& ids, const std::string& text) {
    return writeJsonLine(Json{{"line", line}, {"ids", ids}, {"text", text}});
}

/// Meta's format as an import makes it a tokenizer.json.
Result<Tokenizer> ofRanks() {
    formats::ModelConfig config;
    config.vocab_size = 4096;
    const auto files = formats::tokenizerFromMeta(kData + "meta_ranks/tokenizer.model", config, {});
    if (!files) return files.error();
    return Tokenizer::parse(files->tokenizer, "meta_ranks");
}

std::vector<std::string> scan(std::size_t (*pieceEnd)(std::string_view, std::size_t), std::string_view text) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = pieceEnd(text, at);
        pieces.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return pieces;
}

std::vector<std::string> matchAll(const text::SplitPattern& pattern, std::string_view text) {
    std::vector<std::string> pieces;
    std::size_t at = 0;
    while (const auto match = pattern.find(text, at)) {
        pieces.emplace_back(text.substr(match->begin, match->end - match->begin));
        at = match->end;
    }
    return pieces;
}

} // namespace

class TestTokenParity final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(lines().size() >= kLeastLines); }

    void everyKindGivesTheReferencesIdsAndTexts_data() {
        QTest::addColumn<QString>("file");
        for (const char* name : {"digits_bytelevel", "llama3_split"})
            QTest::newRow(name) << QString::fromLatin1(name) + QStringLiteral("/tokenizer.json");
        for (const char* name : {"legacy", "first", "unknown", "fused", "splits", "prefixed", "composed",
                                 "compatible", "bare_letters", "marks", "spelled"})
            QTest::newRow(name) << QStringLiteral("kinds/") + QString::fromLatin1(name) +
                                       QStringLiteral(".json");
    }

    void everyKindGivesTheReferencesIdsAndTexts() {
        QFETCH(const QString, file);
        const auto hashes = hashesOf(QTest::currentDataTag());
        QCOMPARE(hashes.size(), lines().size());
        const auto json = readJsonFile(kData + file.toStdString());
        QVERIFY(json);
        const auto tokenizer = Tokenizer::parse(*json, file.toStdString());
        QVERIFY2(tokenizer, tokenizer ? "" : tokenizer.error().message.c_str());
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            const Ids ids = tokenizer->encode(lines()[i], SpecialTokens::Recognised, /*addSpecial=*/true);
            const std::string decoded = *tokenizer->decode(ids, false);
            QVERIFY2(hashOf(ids, decoded) == hashes[i], written(lines()[i], ids, decoded).c_str());
            QCOMPARE(streamed(*tokenizer, ids), decoded);
        }
    }

    void aTokenizerModelAloneGivesTheReferencesIds_data() {
        QTest::addColumn<QString>("folder");
        for (const char* name : {"llama", "collapsing", "bare"})
            QTest::newRow(name) << QStringLiteral("sentencepiece/") + QString::fromLatin1(name);
        QTest::newRow("meta_ranks") << QString();
    }

    void aTokenizerModelAloneGivesTheReferencesIds() {
        QFETCH(const QString, folder);
        const std::string kind = QTest::currentDataTag();
        const bool isRanks = folder.isEmpty();
        const auto hashes = hashesOf(isRanks ? kind : "sentencepiece_" + kind);
        QCOMPARE(hashes.size(), lines().size());
        const auto tokenizer = isRanks ? ofRanks() : Tokenizer::load(kData + folder.toStdString());
        QVERIFY2(tokenizer, tokenizer ? "" : tokenizer.error().message.c_str());
        std::size_t asked = 0;
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            if (hashes[i] == 0) continue;
            const std::string& line = lines()[i];
            const Ids ids = tokenizer->encode(line, SpecialTokens::AsText);
            QVERIFY2(hashOf(ids, {}) == hashes[i], written(line, ids, {}).c_str());
            const bool comesBack =
                isRanks || (kind == "llama" && line.find("\xE2\x96\x81") == std::string::npos);
            if (comesBack) QCOMPARE(*tokenizer->decode(ids, false), line);
            ++asked;
        }
        QVERIFY(asked >= kLeastLines);
    }

    // Two implementations that know nothing of each other.
    void scannersAgreeWithARegularExpressionEngine() {
        const auto llama3 = text::SplitPattern::compile(text::kLlama3Pattern);
        const auto gpt2 = text::SplitPattern::compile(text::kGpt2Pattern);
        QVERIFY(llama3 && gpt2);
        for (const std::string& line : lines()) {
            QCOMPARE(scan(text::llama3PieceEnd, line), matchAll(*llama3, line));
            QCOMPARE(scan(text::gpt2PieceEnd, line), matchAll(*gpt2, line));
        }
    }
};

QTEST_GUILESS_MAIN(TestTokenParity)
#include "test_token_parity.moc"
