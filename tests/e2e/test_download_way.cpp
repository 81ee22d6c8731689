// A model over TLS from a Hub, from Meta and from a mirror on this machine, by the program as a user types
// it; then used. What is secret is looked for in everything that was written and said.
#include <QTest>

#include "core/file_layer.h"
#include "core/hash.h"
#include "core/json.h"
#include "program_text.h"
#include "support/hub_server.h"
#include "support/program_runner.h"
#include "support/proxy_server.h"
#include "support/test_authority.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";
constexpr const char* kSignature = "canaryOfMetasSignature0123456789";

QStringList words(const char* line) {
    return QString::fromUtf8(line).split(u' ', Qt::SkipEmptyParts);
}

void writeText(const fs::path& path, const std::string& content) {
    fs::create_directories(path.parent_path());
    if (auto written = writeFileAtomically(systemFiles(), path, content); !written)
        throw std::runtime_error(written.error().message);
}

/// A home whose program trusts the authority of the servers here.
class Home {
public:
    Home()
        : runner(QStringLiteral(LLAMAHOME_BINARY))
        , hub(authority.identity()) {
        writeTinyModel(runner.home() / "tiny");
        writeText(bundle(), authority.certificate());
        hub.addFolder(kTinyId, runner.home() / "tiny");
    }

    fs::path bundle() const { return runner.home() / "authority.pem"; }
    QStringList variables(const QStringList& more = {}) const {
        return QStringList{QStringLiteral("HF_ENDPOINT=") + QString::fromStdString(hub.endpoint()),
                           QStringLiteral("LLAMAHOME_ENV=testing"),
                           QStringLiteral("SSL_CERT_FILE=") + text(bundle())} +
               more;
    }
    ProgramResult run(const QStringList& line, const QStringList& more = {},
                      const QByteArray& input = {}) const {
        return runner.run(line, input, variables(more));
    }
    /// Whether none of these stands in anything below the home, but in the file `except`.
    bool isNowhere(const std::vector<std::string>& secrets, const fs::path& except = {}) const {
        for (const auto& entry : fs::recursive_directory_iterator(runner.home().path())) {
            if (!entry.is_regular_file() || entry.path() == except) continue;
            const auto bytes = readFile(entry.path());
            for (const std::string& secret : secrets)
                if (!bytes || bytes->find(secret) != std::string::npos) return false;
        }
        return true;
    }

    ProgramRunner runner;
    TestAuthority authority;
    HubServer hub;
};

bool holds(const std::string& where, std::string_view what) {
    return where.find(what) != std::string::npos;
}

std::string sumsOf(const fs::path& folder) {
    std::string sums;
    for (const auto& entry : fs::directory_iterator(folder))
        sums += *sha256File(entry.path()) + "  " + entry.path().filename().string() + "\n";
    return sums;
}

} // namespace

class TestDownloadWay final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void fromTheHubToAnAdapter() {
        const Home home;
        const ProgramResult got = home.run(words("download smollm2 135m-instruct"));
        QVERIFY2(got.code == 0, got.err.c_str());
        QVERIFY2(holds(got.out, "smollm2/135m-instruct downloaded: ") &&
                     holds(got.out, "Next: llamahome chat smollm2 135m-instruct"),
                 got.out.c_str());
        const ProgramResult again = home.run(words("download smollm2 135m-instruct"));
        QVERIFY2(again.code == 0 && holds(again.out, "is already there"), again.out.c_str());
        QCOMPARE(home.run(words("verify smollm2 135m-instruct --deep")).code, 0);
        std::string rows;
        for (int i = 0; i < 20; ++i)
            rows += writeJsonLine(Json{{"question", "Say " + std::to_string(i)},
                                       {"answer", "It is " + std::to_string(i)}}) +
                    "\n";
        writeText(home.runner.home() / "rows.jsonl", rows);
        const ProgramResult trained = home.run(words("train smollm2 135m-instruct --data rows.jsonl --name "
                                                     "first --max-steps 2 --max-length 128"));
        QVERIFY2(trained.code == 0, trained.err.c_str());
    }

    void scriptsReadLinesOfJson() {
        const Home home;
        const ProgramResult got = home.run(words("--json download smollm2/135m-instruct"));
        QVERIFY2(got.code == 0, got.err.c_str());
        const std::vector<Json> lines = jsonLines(got.out);
        QVERIFY(lines.size() >= 2);
        QCOMPARE(lines.front()["kind"].get<std::string>(), std::string("progress"));
        for (const char* key : {"phase", "done", "total", "unit", "rate_per_second", "seconds_left"})
            QVERIFY2(lines.front().contains(key), key);
        QCOMPARE(lines.back()["kind"].get<std::string>(), std::string("done"));
        QCOMPARE(lines.back()["state"].get<std::string>(), std::string("verified"));
        QVERIFY(!lines.back()["was_there"].get<bool>());
        const ProgramResult failed = home.run(words("--json download org/nothing"));
        QCOMPARE(failed.code, 3);
        QCOMPARE(jsonLines(failed.out).back()["error"]["code"].get<std::string>(), std::string("HUB-01"));
    }

    void aDamagedFileComesAgainByVerify() {
        const Home home;
        QCOMPARE(home.run(words("download smollm2 135m-instruct")).code, 0);
        const fs::path weights = home.runner.root() / "data/models/smollm2/135m-instruct/model.safetensors";
        std::string bytes = *readFile(weights);
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        writeText(weights, bytes);
        const ProgramResult found = home.run(words("verify smollm2 135m-instruct --deep"));
        QCOMPARE(found.code, 1);
        QVERIFY2(holds(found.out, "llamahome download smollm2 135m-instruct --repair"), found.out.c_str());
        const ProgramResult repaired = home.run(words("verify smollm2 135m-instruct --deep --repair"));
        QVERIFY2(repaired.code == 0, repaired.err.c_str());
    }

    void aServerThatNobodyVouchesForIsRefused() {
        const Home home;
        const ProgramResult refused =
            home.runner.run(words("download smollm2 135m-instruct"), {},
                            {QStringLiteral("HF_ENDPOINT=") + QString::fromStdString(home.hub.endpoint())});
        QCOMPARE(refused.code, 1);
        QVERIFY2(holds(refused.err, "the connection is not safe"), refused.err.c_str());
        QVERIFY(home.hub.hubRequests().empty());
    }

    void offlineAsksNobody() {
        const Home home;
        const ProgramResult refused =
            home.run(words("download smollm2 135m-instruct"), {QStringLiteral("HF_HUB_OFFLINE=1")});
        QCOMPARE(refused.code, 2);
        QVERIFY2(holds(refused.err, "HF_HUB_OFFLINE"), refused.err.c_str());
        QVERIFY(home.hub.hubRequests().empty());
    }

    void aGatedModelByTokenFileAndNoSecretAnywhere() {
        Home home;
        home.hub.models[kTinyId].isGated = true;
        const ProgramResult without = home.run(words("download smollm2 135m-instruct"));
        QCOMPARE(without.code, 5);
        QVERIFY2(holds(without.err, std::string("https://huggingface.co/") + kTinyId), without.err.c_str());
        const fs::path file = home.runner.home() / ".cache/huggingface/token";
        writeText(file, std::string(HubServer::kLicensedToken) + "\n");
        const ProgramResult got = home.run(words("--log-level trace download smollm2 135m-instruct"));
        QVERIFY2(got.code == 0, got.err.c_str());
        const ProgramResult shown = home.run(words("config show"));
        QVERIFY2(holds(shown.out, "Token for the Hub: from " + file.string()), shown.out.c_str());
        const ProgramResult state = home.run(words("--log-level trace token --json"));
        QVERIFY2(state.code == 0, state.err.c_str());
        const auto told = parseJson(state.out, "output");
        QVERIFY(told && (*told)["works"] == true && (*told)["origin"] == file.string());
        // No session bus, so no keychain to keep one in: that is said before the token goes anywhere.
        const std::size_t before = home.hub.countOf("whoami");
        const ProgramResult kept = home.run(words("--log-level trace token set"), {}, HubServer::kOtherToken);
        QCOMPARE(kept.code, 5);
        QVERIFY2(holds(kept.err, "keychain") && holds(kept.err, "HF_TOKEN"), kept.err.c_str());
        QCOMPARE(home.hub.countOf("whoami"), before);
        const std::vector<std::string> secrets{HubServer::kLicensedToken, HubServer::kOtherToken,
                                               HubServer::kSignature};
        for (const std::string& said :
             {got.out, got.err, shown.out, shown.err, state.out, state.err, kept.out, kept.err})
            for (const std::string& secret : secrets)
                QVERIFY(!holds(said, secret));
        QVERIFY(home.isNowhere(secrets, file));
        for (const ServedRequest& asked : home.hub.storeRequests())
            QVERIFY(!asked.headers.contains("authorization"));
    }

    void throughAProxyAndToAnotherDriveAndBack() {
        const Home home;
        const ProxyServer proxy;
        const ProgramResult got =
            home.run(words("download smollm2 135m-instruct"),
                     {QStringLiteral("HTTPS_PROXY=") + QString::fromStdString(proxy.address())});
        QVERIFY2(got.code == 0, got.err.c_str());
        QVERIFY(!proxy.heads().empty());
        const fs::path drive = home.runner.home() / "drive";
        fs::create_directories(drive);
        const QString folder = QString::fromStdString(drive.string());
        QVERIFY(home.run({QStringLiteral("config"), QStringLiteral("edit"),
                          QStringLiteral("model.library_folders=") + folder})
                    .code == 0);
        const QStringList there{QStringLiteral("move"), QStringLiteral("smollm2"),
                                QStringLiteral("135m-instruct"), QStringLiteral("--to"), folder};
        const ProgramResult moved = home.run(there);
        QVERIFY2(moved.code == 0 && holds(moved.out, (drive / "smollm2").string()), moved.err.c_str());
        const ProgramResult listed = home.run(words("models smollm2"));
        QVERIFY2(holds(listed.out, "Library folder: " + drive.string() + " (") && holds(listed.out, " free)"),
                 listed.out.c_str());
        QCOMPARE(home.run(words("verify smollm2 135m-instruct --deep")).code, 0);
        fs::rename(drive, home.runner.home() / "drawer");
        const ProgramResult away = home.run(words("models smollm2 --json"));
        QVERIFY2(holds(away.out, "\"offline\"") && holds(away.out, drive.string()), away.out.c_str());
        QCOMPARE(home.run(words("tokenize smollm2 135m-instruct"), {}, "Say it").code, 5);
        fs::rename(home.runner.home() / "drawer", drive);
        const QString root = QString::fromStdString(home.runner.root().string());
        const ProgramResult back = home.run({QStringLiteral("move"), QStringLiteral("smollm2/135m-instruct"),
                                             QStringLiteral("--to"), root, QStringLiteral("--json")});
        QVERIFY2(back.code == 0 && parseJson(back.out, "output"), (back.out + back.err).c_str());
        QCOMPARE(home.run(words("verify smollm2 135m-instruct")).code, 0);
    }

    void fromAMirrorOnTheWebAndFromAFolder() {
        const Home home;
        const fs::path source = home.runner.home() / "tiny";
        writeText(source / "SHA256SUMS", sumsOf(source));
        const HttpServer web(
            [&](const ServedRequest& asked) {
                const auto bytes = readFile(source / asked.target.substr(std::string("/tiny/").size()));
                return ServedAnswer{bytes ? fileAnswer(asked, *bytes) : httpAnswer(404, "")};
            },
            home.authority.identity());
        const ProgramResult byWeb = home.run(words("download smollm2 135m --source") +
                                             QStringList{QString::fromStdString(web.url("/tiny/"))});
        QVERIFY2(byWeb.code == 0, byWeb.err.c_str());
        QCOMPARE(home.run(words("verify smollm2 135m --deep")).code, 0);
        const ProgramResult byFolder = home.run(words("download smollm2 360m --source tiny"));
        QVERIFY2(byFolder.code == 0, byFolder.err.c_str());
        QCOMPARE(home.run(words("verify smollm2 360m --deep")).code, 0);
        writeText(source / "config.json", "{}");
        const ProgramResult other = home.run(words("download smollm2 1.7b --source tiny"));
        QCOMPARE(other.code, 1);
        const ProgramResult nowhere = home.run(words("download smollm2 1.7b --source nowhere"));
        QCOMPARE(nowhere.code, 2);
    }

    void fromMetaByALinkThatIsKeptNowhere() {
        const Home home;
        const fs::path set = fs::path(LLAMAHOME_TEST_DATA) / "formats/meta_whole";
        const HttpServer meta(
            [&](const ServedRequest& asked) {
                const std::string path = asked.target.substr(0, asked.target.find('?'));
                constexpr std::string_view kFolder = "/Llama-3.2-1B/";
                if (!holds(asked.target, kSignature) || !path.starts_with(kFolder))
                    return ServedAnswer{httpAnswer(403, "denied")};
                const auto bytes = readFile(set / path.substr(kFolder.size()));
                return ServedAnswer{bytes ? fileAnswer(asked, *bytes) : httpAnswer(403, "denied")};
            },
            home.authority.identity());
        const std::string link = meta.url("/*?Policy=eyJ9_&Signature=") + kSignature + "&Key-Pair-Id=K1";
        const ProgramResult got = home.run(words("--log-level trace download llama 3.2-1b --source meta"), {},
                                           QByteArray::fromStdString(link + "\n"));
        QVERIFY2(got.code == 0, got.err.c_str());
        QCOMPARE(home.run(words("verify llama 3.2-1b")).code, 0);
        QVERIFY(!holds(got.out + got.err, kSignature));
        QVERIFY(home.isNowhere({kSignature}));
        const ProgramResult none = home.run(words("download llama 3.2-3b --source meta"));
        QCOMPARE(none.code, 2);
        const ProgramResult refused = home.run(words("download llama 3.2-3b --source meta"), {},
                                               QByteArray::fromStdString(link + "\n"));
        QCOMPARE(refused.code, 5);
        QVERIFY2(holds(refused.err, "ask for a new one") && !holds(refused.err, kSignature),
                 refused.err.c_str());
    }
};

QTEST_GUILESS_MAIN(TestDownloadWay)
#include "test_download_way.moc"
