#include <thread>

#include <QTest>

#include "core/error_codes.h"
#include "network/transport_loader.h"
#include "support/http_server.h"
#include "support/temporary_folder.h"
#include "support/test_authority.h"

using namespace llamahome;
using namespace llamahome::network;
using namespace llamahome::testing;

namespace {

/// Keeps the answer; stops after `stopAfter` bytes where that is not 0.
class Kept final : public HttpSink {
public:
    Result<void> begin(const HttpResponse& response) override {
        status = response.status;
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (stopAfter > 0 && text.size() >= stopAfter) return Error{codes::kHttpBody, "enough"};
        return {};
    }
    int status = 0;
    std::string text;
    std::size_t stopAfter = 0;
};

/// One GET on a thread that has no application object, as the command line and the file pool send it.
Result<HttpResponse> getOn(const std::string& url, Kept& kept, double stallSeconds = kStallSeconds,
                           const CancelToken& cancel = {}) {
    const auto transport = openTransport({stallSeconds});
    if (!transport) return transport.error();
    return (*transport)->get({url, {{"X-Test", "yes"}}}, kept, cancel);
}

} // namespace

class TestTransport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anAnswerArrivesWholeWithItsHeaders() {
        const std::string body(3'000'000, 'x');
        const HttpServer server(
            [&](const ServedRequest&) { return ServedAnswer{httpAnswer(200, body, {"ETag: \"one\""})}; });
        Kept kept;
        const auto response = getOn(server.url("/a?b=c"), kept);
        QVERIFY2(response, response ? "" : response.error().message.c_str());
        QCOMPARE(response->status, 200);
        QCOMPARE(response->header("etag"), std::string("\"one\""));
        QCOMPARE(kept.text, body);
        const auto requests = server.requests();
        QCOMPARE(requests.size(), std::size_t{1});
        QCOMPARE(requests[0].target, std::string("/a?b=c"));
        QCOMPARE(requests[0].headers.at("x-test"), std::string("yes"));
        QCOMPARE(requests[0].headers.at("accept-encoding"), std::string("identity"));
        QVERIFY(!requests[0].headers.contains("cookie"));
    }

    void anErrorStatusIsAnAnswer() {
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(503, "later")}; });
        Kept kept;
        const auto response = getOn(server.url("/"), kept);
        QVERIFY2(response, response ? "" : response.error().message.c_str());
        QCOMPARE(response->status, 503);
        QCOMPARE(kept.status, 503);
    }

    void aRedirectIsToldAndNotFollowed() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{httpAnswer(302, "", {"Location: ../other?x=1"})};
        });
        Kept kept;
        const auto response = getOn(server.url("/a/b/c"), kept);
        QVERIFY(response);
        QCOMPARE(response->redirect, server.url("/a/other?x=1"));
        QCOMPARE(server.requests().size(), std::size_t{1});
    }

    void aResetIsAnErrorThatNamesTheHost() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                                ServedAnswer::Then::Reset};
        });
        Kept kept;
        const auto response = getOn(server.url("/"), kept);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkFailure);
        QVERIFY(response.error().message.starts_with("127.0.0.1: "));
    }

    void aBodyThatEndsEarlyIsAnError() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"};
        });
        Kept kept;
        const auto response = getOn(server.url("/"), kept);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkFailure);
        QCOMPARE(kept.text, std::string("half"));
    }

    void aRefusedConnectionIsAnError() {
        std::string url;
        {
            const HttpServer gone([](const ServedRequest&) { return ServedAnswer{}; });
            url = gone.url("/");
        }
        Kept kept;
        const auto response = getOn(url, kept);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkFailure);
    }

    void silenceIsGivenUpAndIsNoCancel() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                                ServedAnswer::Then::Silence};
        });
        Kept kept;
        const auto response = getOn(server.url("/"), kept, /*stallSeconds=*/0.3);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkStalled);
        QCOMPARE(kept.text, std::string("half"));
    }

    void cancelEndsASilentConnection() {
        const CancelToken cancel;
        const HttpServer server([&](const ServedRequest&) {
            cancel.cancel();
            return ServedAnswer{"", ServedAnswer::Then::Silence};
        });
        Kept kept;
        const auto response = getOn(server.url("/"), kept, kStallSeconds, cancel);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kCancelled);
    }

    void theSinksErrorEndsTheTransfer() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                                ServedAnswer::Then::Silence};
        });
        Kept kept;
        kept.stopAfter = 4;
        const auto response = getOn(server.url("/"), kept);
        QVERIFY(!response);
        QCOMPARE(response.error().message, std::string("enough"));
    }

    void otherSchemesAreRefused() {
        for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "//host/", "nonsense", "http://"}) {
            Kept kept;
            const auto response = getOn(url, kept);
            QVERIFY2(!response, url);
            QCOMPARE(response.error().code, codes::kAddressRefused);
        }
    }

    void itWorksOnAnotherThreadThanTheFirst() {
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, "yes")}; });
        Kept kept;
        std::thread([&] { QVERIFY(getOn(server.url("/"), kept)); }).join();
        QCOMPARE(kept.text, std::string("yes"));
    }

    void aServerWithATrustedCertificateIsTalkedTo() {
        const TestAuthority authority;
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, "safe")}; },
                                authority.identity());
        const auto transport = openTransport({kStallSeconds, authority.certificate()});
        QVERIFY(transport);
        Kept kept;
        const auto response = (*transport)->get({server.url("/"), {}}, kept, {});
        QVERIFY2(response, response ? "" : response.error().message.c_str());
        QCOMPARE(kept.text, std::string("safe"));
        QCOMPARE(response->url, server.url("/"));
    }

    void aServerThatCannotProveWhoItIsIsRefused_data() {
        QTest::addColumn<int>("flaw"); // -1: of another authority, -2: TLS 1.0
        QTest::newRow("expired") << static_cast<int>(TestAuthority::Flaw::Expired);
        QTest::newRow("wrong name") << static_cast<int>(TestAuthority::Flaw::WrongName);
        QTest::newRow("self-signed") << static_cast<int>(TestAuthority::Flaw::SelfSigned);
        QTest::newRow("unknown authority") << -1;
        QTest::newRow("old TLS") << -2;
    }
    void aServerThatCannotProveWhoItIsIsRefused() {
        QFETCH(int, flaw);
        const TestAuthority authority;
        const TestAuthority another;
        TlsIdentity identity = flaw == -1
                                   ? another.identity()
                                   : authority.identity(static_cast<TestAuthority::Flaw>(std::max(flaw, 0)));
        identity.isOldTls = flaw == -2;
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, "no")}; },
                                identity);
        const auto transport = openTransport({kStallSeconds, authority.certificate()});
        QVERIFY(transport);
        Kept kept;
        const auto response =
            (*transport)->get({server.url("/"), {{"Authorization", "Bearer canary"}}}, kept, {});
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkTls);
        QVERIFY(kept.text.empty());
        QVERIFY(server.requests().empty()); // not a header was sent
    }

    void aConnectionCutWithoutTlsGoodbyeIsAnError() {
        const TestAuthority authority;
        const HttpServer server(
            [](const ServedRequest&) {
                return ServedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                                    ServedAnswer::Then::Cut};
            },
            authority.identity());
        const auto transport = openTransport({kStallSeconds, authority.certificate()});
        QVERIFY(transport);
        Kept kept;
        const auto response = (*transport)->get({server.url("/"), {}}, kept, {});
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkFailure);
    }

    void headersThatNeverEndAreGivenUp() {
        const HttpServer server([](const ServedRequest&) {
            ServedAnswer answer{"HTTP/1.1 200 OK\r\nX-Slow: " + std::string(10'000, 'x')};
            answer.millisecondsEach = 20;
            return answer;
        });
        Kept kept;
        const auto response = getOn(server.url("/"), kept, /*stallSeconds=*/0.3);
        QVERIFY(!response);
        QCOMPARE(response.error().code, codes::kNetworkStalled);
    }

    void aMissingLibraryIsAnErrorThatNamesIt() {
        const TemporaryFolder empty;
        const auto transport = openTransport({}, {empty.path()});
        QVERIFY(!transport);
        QCOMPARE(transport.error().code, codes::kNetworkMissing);
        QVERIFY(transport.error().message.find("libllamahome_network.so") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestTransport)
#include "test_transport.moc"
