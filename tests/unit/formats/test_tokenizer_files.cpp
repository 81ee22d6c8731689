// The one way into a folder's tokenizer files.
#include <QTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/tokenizer/tokenizer_files.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const fs::path kText = LLAMAHOME_TEST_DATA "/text";

/// "none" where the folder has no template.
std::string templateOf(const fs::path& folder, const char* tokenizerConfig) {
    const auto text = readChatTemplate(folder, *parseJson(tokenizerConfig, "tokenizer_config.json"));
    return text ? text->value_or("none") : text.error().message;
}

} // namespace

class TestTokenizerFiles final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void addedTokensOfTheConfigurationAreTakenWhereTheTokenizerLacksThem() {
        const TemporaryFolder folder;
        writeBytes(folder / "tokenizer.json", R"({"added_tokens":[{"id":7,"content":"<s>"}],"model":{}})");
        writeBytes(
            folder / "tokenizer_config.json",
            R"({"added_tokens_decoder":{"8":{"content":"<s>"},"9":{"content":"<pad>","special":true}}})");
        const auto files = readTokenizerFiles(folder.path());
        QVERIFY2(files, files ? "" : files.error().message.c_str());
        const Json& added = files->tokenizer["added_tokens"];
        QCOMPARE(added.size(), std::size_t{2});
        QVERIFY(added[0]["id"] == 7);
        QVERIFY(added[1]["id"] == 9 && added[1]["content"] == "<pad>" && added[1]["special"] == true);
    }

    void sentencePieceStandsInForATokenizerJsonThatIsNotThere() {
        const TemporaryFolder folder;
        fs::copy_file(kText / "sentencepiece/llama/tokenizer.model", folder / "tokenizer.model");
        const auto files = readTokenizerFiles(folder.path());
        QVERIFY2(files, files ? "" : files.error().message.c_str());
        QVERIFY2(files->shown.ends_with("tokenizer.model"), files->shown.c_str());
        QVERIFY(files->tokenizer["model"]["vocab"].contains("<0x0A>"));
        writeBytes(folder / "tokenizer.json", R"({"model":{"mine":1}})");
        QVERIFY(readTokenizerFiles(folder.path())->tokenizer["model"].contains("mine"));
    }

    void whatIsNoTokenizerIsRefused() {
        const TemporaryFolder folder;
        QVERIFY(readTokenizerFiles(folder.path()).error().code == codes::kFileNotFound);
        fs::copy_file(kText / "meta_ranks/tokenizer.model", folder / "tokenizer.model");
        QVERIFY(readTokenizerFiles(folder.path()).error().code == codes::kTokenizerKind);
        writeBytes(folder / "tokenizer.json", "{");
        QVERIFY(readTokenizerFiles(folder.path()).error().code == codes::kJsonSyntax);
    }

    void theTemplateIsOneTextOrTheDefaultOfSeveralAndItsOwnFileComesFirst() {
        const TemporaryFolder folder;
        const fs::path& none = folder.path();
        QCOMPARE(templateOf(none, "null"), std::string("none"));
        QCOMPARE(templateOf(none, R"({"chat_template":null})"), std::string("none"));
        QCOMPARE(templateOf(none, R"({"chat_template":"a"})"), std::string("a"));
        constexpr const char* kNamed =
            R"({"chat_template":[{"name":"rag","template":"r"},{"name":"default","template":"d"}]})";
        QCOMPARE(templateOf(none, kNamed), std::string("d"));
        QCOMPARE(templateOf(none, R"({"chat_template":[{"name":"rag","template":"r"}]})"),
                 std::string("none"));
        QCOMPARE(templateOf(none, R"({"chat_template":{"default":"o"}})"), std::string("o"));
        writeBytes(folder / "chat_template.jinja", "file");
        QCOMPARE(templateOf(none, kNamed), std::string("file"));
    }
};

QTEST_GUILESS_MAIN(TestTokenizerFiles)
#include "test_tokenizer_files.moc"
