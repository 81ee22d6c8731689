// Answers of HTTP/1.1 in every cut, and what is none.
#include <QTest>

#include "core/error_codes.h"
#include "network/http_reader.h"

using namespace llamahome;
using namespace llamahome::network;

namespace {

class Kept final : public HttpSink {
public:
    Result<void> begin(const HttpResponse& response) override {
        head = response;
        ++begins;
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    HttpResponse head;
    std::string text;
    int begins = 0;
};

/// Fed in pieces of `size`, and then ended where it is not done.
Result<void> feed(HttpReader& reader, Kept& kept, const std::string& answer, std::size_t size) {
    for (std::size_t at = 0; at < answer.size() && !reader.isDone(); at += size) {
        const std::string_view piece = std::string_view(answer).substr(at, size);
        if (auto taken = reader.take(std::as_bytes(std::span(piece)), kept); !taken) return taken;
    }
    return reader.isDone() ? Result<void>() : reader.end();
}

} // namespace

class TestHttpReader final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCutGivesTheSameAnswer_data() {
        QTest::addColumn<std::string>("answer");
        QTest::addColumn<std::string>("body");
        QTest::addColumn<bool>("keepsAlive");
        const auto row = [](const char* name, const char* answer, const char* body, bool keepsAlive) {
            QTest::newRow(name) << std::string(answer) << std::string(body) << keepsAlive;
        };
        row("with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true);
        row("to be closed", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 5\r\n\r\nhello", "hello",
            false);
        row("until the end", "HTTP/1.1 200 OK\r\n\r\nhello", "hello", false);
        row("of old", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false);
        row("in chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: "
            "x\r\n\r\n",
            "hello", true);
        row("in chunks, whatever length is said",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "hello", true);
        row("after interim ones",
            "HTTP/1.1 100 -\r\n\r\nHTTP/1.1 103 -\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
            "Content-Length: 5\r\n\r\nhello",
            "hello", true);
        row("empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true);
        row("without a body", "HTTP/1.1 304 -\r\nContent-Length: 5\r\n\r\n", "", true);
        row("lines that end bare", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "hello", true);
    }
    void everyCutGivesTheSameAnswer() {
        QFETCH(const std::string, answer);
        QFETCH(const std::string, body);
        QFETCH(const bool, keepsAlive);
        for (std::size_t size = 1; size <= answer.size(); ++size) {
            HttpReader reader("host");
            Kept kept;
            const auto fed = feed(reader, kept, answer, size);
            QVERIFY2(fed, fed ? "" : fed.error().message.c_str());
            QVERIFY(reader.isDone());
            QCOMPARE(kept.begins, 1);
            QCOMPARE(kept.text, body);
            QCOMPARE(reader.keepsAlive(), keepsAlive);
        }
    }

    void headersAreKeptInLowerCaseAndJoined() {
        HttpReader reader("host");
        Kept kept;
        QVERIFY(feed(reader, kept, "HTTP/1.1 206 Partial\r\nX-A:  one \r\nx-a: two\r\nEmpty:\r\n\r\n", 100));
        QCOMPARE(kept.head.status, 206);
        QCOMPARE(kept.head.header("x-a"), std::string("one, two"));
        QVERIFY(kept.head.headers.contains("empty"));
    }

    void whatNobodyAskedForEndsTheConnection() {
        HttpReader reader("host");
        Kept kept;
        QVERIFY(feed(reader, kept, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200", 1000));
        QCOMPARE(kept.text, std::string("hi"));
        QVERIFY(!reader.keepsAlive());
    }

    void whatIsNoAnswerIsRefused_data() {
        QTest::addColumn<std::string>("answer");
        const auto row = [](const char* name, std::string answer) {
            QTest::newRow(name) << std::move(answer);
        };
        row("nothing", "");
        row("another protocol", "SSH-2.0-OpenSSH\r\n");
        row("another version", "HTTP/2 200\r\n\r\n");
        row("no status", "HTTP/1.1 abc OK\r\n\r\n");
        row("a status beyond", "HTTP/1.1 999 OK\r\n\r\n");
        row("a cut head", "HTTP/1.1 200 OK\r\nContent-Le");
        row("a cut body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        row("a cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
        row("chunks without their end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        row("a chunk that is longer",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n");
        row("a chunk of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
        row("a chunk beyond counting",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n");
        row("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
        row("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx");
        row("a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n");
        row("a header with a blank name", "HTTP/1.1 200 OK\r\nA b: x\r\n\r\n");
        row("a line that is no header", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n");
        row("a zero byte", std::string("HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n", 28));
        row("a head without end", "HTTP/1.1 200 OK\r\nA: " + std::string(kMaxHeadBytes, 'x'));
        std::string many = "HTTP/1.1 200 OK\r\n";
        for (std::size_t i = 0; i <= kMaxHeaders; ++i)
            many += "X-" + std::to_string(i) + ": x\r\n";
        row("more headers than any", many + "\r\n");
    }
    void whatIsNoAnswerIsRefused() {
        QFETCH(const std::string, answer);
        for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
            HttpReader reader("host");
            Kept kept;
            const auto fed = feed(reader, kept, answer, size);
            QVERIFY(!fed);
            QCOMPARE(fed.error().code, codes::kNetworkFailure);
            QVERIFY(fed.error().message.starts_with("host: "));
        }
    }
};

QTEST_APPLESS_MAIN(TestHttpReader)
#include "test_http_reader.moc"
