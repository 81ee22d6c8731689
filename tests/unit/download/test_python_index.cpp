#include <QTest>

#include "core/error_codes.h"
#include "download/python_index.h"
#include "network/transport_loader.h"
#include "support/http_server.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;

namespace {

constexpr const char* kWheel = "torch-1-py3.whl";
constexpr const char* kJson = "Content-Type: application/vnd.pypi.simple.v1+json";
constexpr const char* kHtml = "Content-Type: text/html; charset=utf-8";

void pauseNot(double, const CancelToken&) {}

Result<std::string> find(const std::string& page, const char* contentType) {
    const HttpServer server(
        [&](const ServedRequest&) { return ServedAnswer{httpAnswer(200, page, {contentType})}; });
    const auto transport = network::openTransport();
    if (!transport) return transport.error();
    auto found = findInPythonIndex(**transport, server.url("/simple"), "torch", kWheel, pauseNot, {});
    if (!found) return found;
    const std::string host = server.url("");
    if (found->starts_with(host)) found->replace(0, host.size(), "HOST");
    return found;
}

} // namespace

class TestPythonIndex final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theProjectsPageIsAskedFor() {
        const HttpServer server([](const ServedRequest& request) {
            return ServedAnswer{httpAnswer(
                request.target == "/simple/torch/" ? 200 : 404,
                "{\"files\":[{\"filename\":\"torch-1-py3.whl\",\"url\":\"https://x/y\"}]}", {kJson})};
        });
        const auto transport = network::openTransport();
        QVERIFY(transport);
        for (const char* index : {"/simple", "/simple/"}) {
            const auto found =
                findInPythonIndex(**transport, server.url(index), "torch", kWheel, pauseNot, {});
            QVERIFY2(found, found ? "" : found.error().message.c_str());
            QCOMPARE(*found, std::string("https://x/y"));
        }
        QVERIFY(server.requests()[0].headers.at("accept").find("json") != std::string::npos);
    }

    void aFileIsFoundInBothKindsOfPage_data() {
        QTest::addColumn<QString>("page");
        QTest::addColumn<QString>("link");
        QTest::newRow("absolute") << "<a href=\"https://f/p/torch-1-py3.whl#sha256=12\">x</a>"
                                  << "https://f/p/torch-1-py3.whl";
        QTest::newRow("from the root") << "<a href=\"/other.whl\"></a><a href=\"/p/torch-1-py3.whl\"></a>"
                                       << "HOST/p/torch-1-py3.whl";
        QTest::newRow("upwards") << "<a href=\"../../packages/torch-1-py3.whl#x\">"
                                 << "HOST/packages/torch-1-py3.whl";
        QTest::newRow("above the root") << "<a href=\"../../../../torch-1-py3.whl\">"
                                        << "HOST/../../torch-1-py3.whl";
        QTest::newRow("the same scheme") << "<a href=\"//f/torch-1-py3.whl\">"
                                         << "";
        QTest::newRow("written out") << "<a href=\"https://f/p/torch-1-py3.whl?a=1&amp;b=2\">"
                                     << "https://f/p/torch-1-py3.whl?a=1&b=2";
        QTest::newRow("beside") << "<a href=\"torch-1-py3.whl\">"
                                << "HOST/simple/torch/torch-1-py3.whl";
    }
    void aFileIsFoundInBothKindsOfPage() {
        QFETCH(QString, page);
        QFETCH(QString, link);
        const auto found = find(page.toStdString(), kHtml);
        if (link.isEmpty()) { // http to another machine
            QVERIFY(!found);
            QCOMPARE(found.error().code, codes::kIndexAnswer);
            return;
        }
        QVERIFY2(found, found ? "" : found.error().message.c_str());
        QCOMPARE(QString::fromStdString(*found), link);
    }

    void anIndexThatIsBusyIsAskedAgain() {
        int busy = 2;
        const HttpServer server([&](const ServedRequest&) {
            if (busy-- > 0) return ServedAnswer{httpAnswer(503, "")};
            return ServedAnswer{httpAnswer(200, "<a href=\"https://x/torch-1-py3.whl\">", {kHtml})};
        });
        const auto transport = network::openTransport();
        QVERIFY(transport);
        const auto found =
            findInPythonIndex(**transport, server.url("/simple"), "torch", kWheel, pauseNot, {});
        QVERIFY2(found, found ? "" : found.error().message.c_str());
        QCOMPARE(server.requests().size(), std::size_t{3});
    }

    void aPageWithoutTheFileIsAnError_data() {
        QTest::addColumn<QString>("page");
        QTest::addColumn<bool>("isJson");
        QTest::newRow("other files")
            << "{\"files\":[{\"filename\":\"torch-1-py4.whl\",\"url\":\"https://x/y\"}]}" << true;
        QTest::newRow("no files") << "{}" << true;
        QTest::newRow("a list") << "[1]" << true;
        QTest::newRow("numbers")
            << "{\"files\":[1,{\"filename\":2},{\"filename\":\"torch-1-py3.whl\",\"url\":3}]}" << true;
        QTest::newRow("not JSON") << "<html>" << true;
        QTest::newRow("a login page") << "<form action=\"login\"><a href=\"help\">" << false;
        QTest::newRow("another machine by http")
            << "<a href=\"http://example.com/torch-1-py3.whl\">" << false;
        QTest::newRow("a file") << "<a href=\"file:///etc/torch-1-py3.whl\">" << false;
        QTest::newRow("an open quote") << "<a href=\"torch-1-py3" << false;
        QTest::newRow("empty") << "" << false;
    }
    void aPageWithoutTheFileIsAnError() {
        QFETCH(QString, page);
        QFETCH(bool, isJson);
        const auto found = find(page.toStdString(), isJson ? kJson : kHtml);
        QVERIFY(!found);
        QCOMPARE(found.error().code, codes::kIndexAnswer);
        QVERIFY(found.error().message.find("/simple/torch/") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestPythonIndex)
#include "test_python_index.moc"
