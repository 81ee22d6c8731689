// How large a file of a web server is: asked for by one byte, since signed links and simple servers refuse
// HEAD.
#include <QTest>

#include "core/error_codes.h"
#include "download/remote_size.h"
#include "network/transport_loader.h"
#include "support/http_server.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;

namespace {

using Size = Result<std::optional<std::uint64_t>>;

Size sizeAt(const HttpServer& server) {
    const auto transport = network::openTransport();
    if (!transport) return transport.error();
    return remoteSize(**transport, server.url("/x"), [](double, const CancelToken&) {}, {});
}

} // namespace

class TestRemoteSize final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneByteTellsItAndNoHeadIsSent() {
        const HttpServer server([](const ServedRequest& request) {
            if (request.method != "GET") return ServedAnswer{httpAnswer(405, "")};
            return ServedAnswer{fileAnswer(request, std::string(12'345, 'x'))};
        });
        const Size size = sizeAt(server);
        QVERIFY2(size, size ? "" : size.error().message.c_str());
        QCOMPARE(*size, std::optional<std::uint64_t>(12'345));
        for (const ServedRequest& request : server.requests()) {
            QCOMPARE(request.method, std::string("GET"));
            QCOMPARE(request.headers.at("range"), std::string("bytes=0-0"));
        }
    }

    void aServerWithoutRangesIsLeftAfterItsHeaders() {
        const HttpServer server([](const ServedRequest&) {
            ServedAnswer answer{"HTTP/1.1 200 OK\r\nContent-Length: 40000000000\r\n\r\n"};
            answer.generatedBytes = 40'000'000'000;
            answer.generate = [](std::uint64_t, std::span<char>) {};
            return answer;
        });
        const Size size = sizeAt(server);
        QVERIFY(size);
        QCOMPARE(*size, std::optional<std::uint64_t>(40'000'000'000));
    }

    void whatTellsNoSizeHasNone() {
        const HttpServer unknown([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 206 -\r\nContent-Range: bytes 0-0/*\r\nContent-Length: 1\r\n\r\nx"};
        });
        QVERIFY(sizeAt(unknown) && !sizeAt(unknown)->has_value());
        const HttpServer chunked(
            [](const ServedRequest&) { return ServedAnswer{"HTTP/1.1 200 OK\r\n\r\nabc"}; });
        QVERIFY(sizeAt(chunked) && !sizeAt(chunked)->has_value());
    }

    void anEmptyFileHasNoByteToAskFor() {
        const HttpServer server([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 416 -\r\nContent-Range: bytes */0\r\nContent-Length: 0\r\n\r\n"};
        });
        QCOMPARE(*sizeAt(server), std::optional<std::uint64_t>(0));
    }

    void aRefusalIsTold() {
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(404, "")}; });
        QCOMPARE(sizeAt(server).error().code, codes::kHttpStatus);
        QCOMPARE(server.requests().size(), std::size_t{1});
    }
};

QTEST_GUILESS_MAIN(TestRemoteSize)
#include "test_remote_size.moc"
