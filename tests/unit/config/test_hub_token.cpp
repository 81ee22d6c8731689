// The Hub's token is found where its own client finds it, and what is none is told without being shown.
#include <QTest>

#include "config/hub_token.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kToken = "hf_canaryOfATokenInAFile";

void writeText(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    if (!writeFileAtomically(systemFiles(), path, text)) throw std::runtime_error("not written");
}

} // namespace

class TestHubToken final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theFirstThatIsThereCounts() {
        const TemporaryFolder home;
        const fs::path file = home / ".cache/huggingface/token";
        Environment environment{{"HOME", home.path().string()}};
        QVERIFY(hubToken(environment)->text.empty() && hubToken(environment)->origin.empty());
        writeText(file, std::string("  ") + kToken + "\r\n");
        QCOMPARE(hubToken(environment)->text, std::string(kToken));
        QCOMPARE(hubToken(environment)->origin, file.string());
        environment["HUGGING_FACE_HUB_TOKEN"] = "hf_older\n";
        QCOMPARE(hubToken(environment)->text, std::string("hf_older"));
        environment["HF_TOKEN"] = " hf_newer ";
        QCOMPARE(hubToken(environment)->text, std::string("hf_newer"));
        QCOMPARE(hubToken(environment)->origin, std::string("HF_TOKEN"));
        environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
        QVERIFY(hubToken(environment)->text.empty());
    }

    void theFileIsWhereTheHubsClientHasIt() {
        QCOMPARE(hubTokenFile({}), fs::path());
        Environment environment{{"HOME", "/home/me"}};
        QCOMPARE(hubTokenFile(environment), fs::path("/home/me/.cache/huggingface/token"));
        environment["XDG_CACHE_HOME"] = "/c";
        QCOMPARE(hubTokenFile(environment), fs::path("/c/huggingface/token"));
        environment["HF_HOME"] = "~/hf";
        QCOMPARE(hubTokenFile(environment), fs::path("/home/me/hf/token"));
        environment["HF_TOKEN_PATH"] = "/secret/token";
        QCOMPARE(hubTokenFile(environment), fs::path("/secret/token"));
    }

    void aFileThatHoldsSomethingElseIsTold() {
        const TemporaryFolder home;
        const Environment environment{{"HOME", home.path().string()}};
        const fs::path file = home / ".cache/huggingface/token";
        for (const std::string& text : {std::string(kToken) + "\n" + kToken, std::string("hf_a b"),
                                        std::string("hf_\x01") + kToken, std::string(5000, 'x')}) {
            writeText(file, text);
            const auto token = hubToken(environment);
            QVERIFY(!token);
            QCOMPARE(token.error().code, codes::kHubToken);
            QVERIFY(token.error().message.find("canary") == std::string::npos);
        }
        writeText(file, "\n \n");
        QVERIFY(hubToken(environment) && hubToken(environment)->text.empty());
    }

    void whatIsTypedIsLookedAt() {
        QCOMPARE(trimmedToken("\t hf_x \r\n"), std::string("hf_x"));
        QCOMPARE(trimmedToken(" \n"), std::string());
        QVERIFY(faultOfToken("hf_abcDEF123").empty());
        for (const char* wrong : {"", "hf x", "hf\tx", "hf_\x7f"})
            QVERIFY2(!faultOfToken(wrong).empty(), wrong);
    }
};

QTEST_GUILESS_MAIN(TestHubToken)
#include "test_hub_token.moc"
