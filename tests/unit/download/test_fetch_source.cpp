// What fetchFile() makes of what sources, their other hosts and networks between do.
#include <atomic>
#include <limits>

#include <QTest>

#include "core/digest.h"
#include "core/error_codes.h"
#include "download/http_get.h"
#include "fetch_ground.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

const char* messageOf(const Result<void>& result) {
    return result ? "" : result.error().message.c_str();
}

std::string gitBlobSha1(const std::string& bytes) {
    Digest digest(DigestKind::Sha1);
    digest.update("blob " + std::to_string(bytes.size()) + std::string(1, '\0') + bytes);
    return digest.hex();
}

std::string md5(const std::string& bytes) {
    Digest digest(DigestKind::Md5);
    digest.update(bytes);
    return digest.hex();
}

ServedAnswer give(const ServedRequest& request) {
    return {fileAnswer(request, kFile)};
}

/// A source that sends its readers on to another host, each time by another link, some of which are refused.
struct TwoHosts {
    explicit TwoHosts(const std::function<bool(int link)>& isRefused)
        : cdn([this, isRefused](const ServedRequest& request) {
            const int link = std::stoi(request.target.substr(request.target.find('=') + 1));
            if (isRefused(link)) return ServedAnswer{httpAnswer(status, "expired")};
            ServedAnswer answer{fileAnswer(request, kFile)};
            const std::size_t body = answer.bytes.find("\r\n\r\n") + 4;
            answer.bytes.resize(std::min(answer.bytes.size(), body + kPieceBytes));
            return answer;
        })
        , source([this](const ServedRequest&) {
            return ServedAnswer{
                httpAnswer(302, "", {"Location: " + cdn.url("/link?Signature=" + std::to_string(++links))})};
        }) {}

    static constexpr std::size_t kPieceBytes = 100'000;
    int status = 403;
    std::atomic<int> links = 0;
    HttpServer cdn;
    Ground source;
};

} // namespace

class TestFetchSource final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachKindOfHashIsProved_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("hex");
        QTest::addColumn<bool>("isSizeKnown");
        const auto row = [](const char* name, HashKind kind, const std::string& hex) {
            QTest::addRow("%s", name) << static_cast<int>(kind) << QString::fromStdString(hex) << true;
            QTest::addRow("%s, size unknown", name)
                << static_cast<int>(kind) << QString::fromStdString(hex) << false;
        };
        row("SHA-256", HashKind::Sha256, sha256Hex(kFile));
        row("a git blob", HashKind::GitBlobSha1, gitBlobSha1(kFile));
        row("MD5", HashKind::Md5, md5(kFile));
        row("size only", HashKind::None, {});
    }
    void eachKindOfHashIsProved() {
        QFETCH(int, kind);
        QFETCH(QString, hex);
        QFETCH(bool, isSizeKnown);
        for (const bool isLengthTold : {true, false}) {
            Ground ground([&](const ServedRequest& request) {
                if (isLengthTold) return give(request);
                return ServedAnswer{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + kFile};
            });
            ground.hash = {static_cast<HashKind>(kind), hex.toStdString()};
            if (!isSizeKnown) ground.sizeBytes.reset();
            const auto fetched = ground.fetch();
            QVERIFY2(fetched, messageOf(fetched));
            QCOMPARE(read(ground.target()), kFile);
            QCOMPARE(fs::exists(partRecordPath(ground.part())), false);
            if (kind == static_cast<int>(HashKind::None)) continue;
            const std::size_t asked = ground.server.requests().size();
            QVERIFY(ground.fetch()); // what is there and proved is not asked for again
            QCOMPARE(ground.server.requests().size(), asked);
            ground.hash.hex.back() = ground.hash.hex.back() == '0' ? '1' : '0';
            const auto wrong = ground.fetch();
            QVERIFY(!wrong);
            QCOMPARE(wrong.error().code, codes::kHashMismatch);
        }
    }

    void anEmptyFileNeedsNoRequest() {
        Ground ground(give);
        ground.sizeBytes = 0;
        ground.hash = {HashKind::GitBlobSha1, gitBlobSha1({})};
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        QCOMPARE(fs::file_size(ground.target()), std::uintmax_t{0});
        QVERIFY(ground.server.requests().empty());
    }

    void aLinkThatRanOutIsAskedForAnew() {
        TwoHosts hosts([](int link) { return link % 2 == 1; });
        for (const int status : {401, 403, 400}) {
            hosts.status = status;
            fs::remove(hosts.source.target());
            const auto fetched = hosts.source.fetch();
            QVERIFY2(fetched, messageOf(fetched));
            QCOMPARE(read(hosts.source.target()), kFile);
        }
    }

    void aSourceWhoseLinksAreAllRefusedIsGivenUpAfterThree() {
        TwoHosts hosts([](int) { return true; });
        const auto fetched = hosts.source.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpStatus);
        QCOMPARE(hosts.links.load(), kExpiredLinks);
        QVERIFY(fetched.error().message.find("Signature") == std::string::npos);
        QVERIFY(!fs::exists(hosts.source.part())); // nothing came, nothing is left
    }

    void theSourcesOwnRefusalIsNotRepeated() {
        for (const int status : {401, 403, 404, 410}) {
            Ground ground([status](const ServedRequest&) {
                return ServedAnswer{httpAnswer(status, "", {"X-Error-Code: GatedRepo", "X-Request-Id: r1"})};
            });
            const auto fetched = ground.fetch();
            QVERIFY(!fetched);
            QCOMPARE(fetched.error().code, codes::kHttpStatus);
            QVERIFY(fetched.error().detail.find("GatedRepo") != std::string::npos);
            QVERIFY(fetched.error().detail.find("status: " + std::to_string(status)) != std::string::npos);
            QCOMPARE(ground.server.requests().size(), std::size_t{1});
        }
    }

    void secretsGoToTheSourceOnly() {
        TwoHosts hosts([](int) { return false; });
        hosts.source.headers = {{"Authorization", "Bearer canary"}};
        QVERIFY(hosts.source.fetch());
        QVERIFY(hosts.source.server.requests().size() >= 3);
        for (const ServedRequest& request : hosts.source.server.requests()) {
            QCOMPARE(request.headers.at("authorization"), std::string("Bearer canary"));
            QVERIFY(!request.headers.contains("if-range"));
        }
        for (const ServedRequest& request : hosts.cdn.requests())
            for (const auto& [name, value] : request.headers)
                QVERIFY2(value.find("canary") == std::string::npos, name.c_str());
    }

    void aWebPageInTheFilesPlaceIsRecognised_data() {
        QTest::addColumn<QString>("type");
        QTest::addColumn<bool>("isHashKnown");
        QTest::newRow("by its type") << "Content-Type: text/html; charset=utf-8" << true;
        QTest::newRow("by its beginning") << "X-None: 1" << false;
    }
    void aWebPageInTheFilesPlaceIsRecognised() {
        QFETCH(QString, type);
        QFETCH(bool, isHashKnown);
        Ground ground([&](const ServedRequest&) {
            return ServedAnswer{httpAnswer(200, "<!DOCTYPE html><html>log in</html>", {type.toStdString()})};
        });
        ground.sizeBytes.reset();
        if (!isHashKnown) ground.hash = {};
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpBody);
        QVERIFY(fetched.error().message.find("something between you and") != std::string::npos);
        QVERIFY(!fs::exists(ground.target()));
        QVERIFY(!fs::exists(ground.part()));
    }

    void aNetworkThatComesBackIsGoneOnWith() {
        Ground ground(cutFirst(1, 100'000, Then::Close));
        ground.patience.waitSeconds = std::numeric_limits<double>::infinity();
        ground.server.goAway();
        ground.onPause = [&ground, pauses = 0]() mutable {
            if (++pauses == 40) ground.server.comeBack();
        };
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        QCOMPARE(read(ground.target()), kFile);
        QVERIFY(ground.pauses.size() >= 40);
        QVERIFY(*std::max_element(ground.pauses.begin(), ground.pauses.end()) <=
                kLongestPauseSeconds * (1.0 + kPauseSpread));
    }

    void patienceEndsAtItsEnd() {
        Ground ground(give);
        ground.patience.waitSeconds = 600.0;
        ground.server.goAway();
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kNetworkFailure);
        double waited = 0.0;
        for (const double pause : ground.pauses)
            waited += pause;
        QVERIFY(waited >= 600.0 && waited <= 600.0 + kLongestPauseSeconds * (1.0 + kPauseSpread));
        ground.server.comeBack();
    }

    void aStrangerMayNotLeadInside() {
        for (const char* inside :
             {"https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/latest",
              "https://10.1.2.3/", "https://172.20.0.1/", "https://192.168.1.1/", "https://[::1]/",
              "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
              "https://100.64.0.1/", "https://0.0.0.0/"}) {
            const auto step = checkStep("https://huggingface.co/x", inside);
            QVERIFY2(!step, inside);
            QCOMPARE(step.error().code, codes::kHttpRedirect);
            QVERIFY2(checkStep("https://192.168.0.9/", inside), inside); // a mirror in the house may
        }
        for (const char* outside : {"https://cdn.example/", "https://172.32.0.1/", "https://11.0.0.1/",
                                    "https://1.2.3/", "https://fd.example/"})
            QVERIFY2(checkStep("https://huggingface.co/x", outside), outside);
    }
};

QTEST_APPLESS_MAIN(TestFetchSource)
#include "test_fetch_source.moc"
