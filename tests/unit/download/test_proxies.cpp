// Proxies on loopback: which is asked for what, what they get to see, and what becomes of their refusals.
#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "download/fetch_file.h"
#include "network/proxy_rules.h"
#include "network/transport_loader.h"
#include "support/http_server.h"
#include "support/noise.h"
#include "support/proxy_server.h"
#include "support/temporary_folder.h"
#include "support/test_authority.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kToken = "hf_canaryThatNoProxyMaySee";
constexpr const char* kPassword = "canaryOfTheProxy";

/// A file at a server, and a way to it.
struct Way {
    explicit Way(bool isSafe)
        : server([this](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, file)}; },
                 isSafe ? std::optional(authority.identity()) : std::nullopt) {}

    Result<void> fetch(const network::ProxyRules& proxies) {
        const auto transport =
            network::openTransport({network::kStallSeconds, authority.certificate(), proxies});
        if (!transport) return transport.error();
        FetchRequest request{
            server.url("/x"), folder / "x", file.size(), {HashKind::Sha256, sha256Hex(file)}};
        request.headers = {{"Authorization", std::string("Bearer ") + kToken}};
        const FetchTools tools{**transport, systemFiles(), [this](double, const CancelToken&) { ++pauses; }};
        return fetchFile(request, tools, {}, ProgressSink());
    }
    bool isThere() const { return *readFile(folder / "x") == file; }

    std::string file = noise(700'000, 8);
    TestAuthority authority;
    TemporaryFolder folder;
    HttpServer server;
    int pauses = 0;
};

bool tells(const std::vector<std::string>& heads, const std::string& secret) {
    return std::any_of(heads.begin(), heads.end(),
                       [&](const std::string& head) { return head.find(secret) != std::string::npos; });
}

} // namespace

class TestProxies final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bothSpellingsOfTheVariablesAreRead() {
        const auto large = network::proxyRules({{"HTTPS_PROXY", "http://a:1"}, {"HTTP_PROXY", "b:2"}});
        QCOMPARE(large.proxyFor("https", "hub.example", 443), std::string("http://a:1"));
        QCOMPARE(large.proxyFor("http", "hub.example", 80), std::string("b:2"));
        const auto both = network::proxyRules({{"HTTPS_PROXY", "large"}, {"https_proxy", "small"}});
        QCOMPARE(both.https, std::string("small"));
        const auto all =
            network::proxyRules({{"ALL_PROXY", "all"}, {"http_proxy", "one"}, {"https_proxy", ""}});
        QCOMPARE(all.https, std::string("all"));
        QCOMPARE(all.http, std::string("one"));
        QVERIFY(network::proxyRules({}).isEmpty());
    }

    void hostsOfNoProxyAreReachedDirectly_data() {
        QTest::addColumn<QString>("direct");
        QTest::addColumn<bool>("isDirect"); // files.hub.example:443
        QTest::newRow("the host") << "files.hub.example" << true;
        QTest::newRow("its domain") << "hub.example" << true;
        QTest::newRow("with a dot") << ".hub.example" << true;
        QTest::newRow("with a star") << "*.hub.example" << true;
        QTest::newRow("in a list") << "localhost, HUB.EXAMPLE,10.0.0.1" << true;
        QTest::newRow("all") << "*" << true;
        QTest::newRow("the port too") << "hub.example:443" << true;
        QTest::newRow("another port") << "hub.example:80" << false;
        QTest::newRow("half a name") << "ub.example" << false;
        QTest::newRow("another") << "example.org" << false;
        QTest::newRow("nothing") << " , " << false;
    }
    void hostsOfNoProxyAreReachedDirectly() {
        QFETCH(QString, direct);
        QFETCH(bool, isDirect);
        const auto rules = network::proxyRules({{"https_proxy", "p"}, {"NO_PROXY", direct.toStdString()}});
        QCOMPARE(rules.proxyFor("https", "files.Hub.example", 443).empty(), isDirect);
    }

    void httpsGoesThroughATunnelThatSeesNothing() {
        Way way(true);
        const ProxyServer proxy;
        const auto fetched = way.fetch({{}, proxy.address(), {}});
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QVERIFY(way.isThere());
        QVERIFY(!proxy.heads().empty() && proxy.heads().front().starts_with("CONNECT 127.0.0.1:"));
        QVERIFY(!tells(proxy.heads(), kToken));
        QVERIFY(!tells(proxy.heads(), "/x"));
    }

    void httpIsAskedOfTheProxyForHttpOnly() {
        Way way(false);
        const ProxyServer proxy;
        QVERIFY(way.fetch({{}, proxy.address(), {}}));
        QVERIFY(proxy.heads().empty());
        fs::remove(way.folder / "x");
        QVERIFY(way.fetch({proxy.address(), {}, {}}));
        QVERIFY(!proxy.heads().empty() && proxy.heads().front().starts_with("GET http://127.0.0.1:"));
        QVERIFY(way.isThere());
        const std::size_t before = proxy.heads().size();
        fs::remove(way.folder / "x");
        QVERIFY(way.fetch({proxy.address(), proxy.address(), {"127.0.0.1"}}));
        QCOMPARE(proxy.heads().size(), before);
    }

    void aProxyThatWantsAPasswordGetsTheOneOfItsAddress() {
        Way way(true);
        const ProxyServer proxy({std::string("me:") + kPassword});
        const auto refused = way.fetch({{}, proxy.address(), {}});
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, codes::kHttpStatus);
        QVERIFY(refused.error().message.find("proxy") != std::string::npos);
        QCOMPARE(way.pauses, 0); // asking again would not help
        const auto wrong = way.fetch({{}, proxy.address("me:wrong"), {}});
        QVERIFY(!wrong);
        const auto fetched = way.fetch({{}, proxy.address(std::string("me:") + kPassword), {}});
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QVERIFY(way.isThere());
        for (const Error& error : {refused.error(), wrong.error()})
            QVERIFY((error.message + error.detail).find(kPassword) == std::string::npos);
    }

    void aProxyThatRefusesTheTunnelIsNamed() {
        Way way(true);
        const ProxyServer proxy({{}, true, 0});
        const auto fetched = way.fetch({{}, proxy.address(), {}});
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().message.find("roxy") != std::string::npos, fetched.error().message.c_str());
        QVERIFY(way.server.requests().empty());
    }

    void aProxyThatIsNotThereIsNamed() {
        Way way(true);
        std::string gone;
        {
            const ProxyServer proxy;
            gone = proxy.address();
        }
        const auto fetched = way.fetch({{}, gone, {}});
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().message.find("proxy") != std::string::npos, fetched.error().message.c_str());
    }

    void aProxyThatCutsAgainAndAgainLosesNothing() {
        for (const bool isSafe : {false, true}) {
            Way way(isSafe);
            const ProxyServer proxy({{}, false, 150'000});
            const auto fetched = way.fetch({proxy.address(), proxy.address(), {}});
            QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
            QVERIFY(way.isThere());
            QVERIFY(proxy.heads().size() > 3);
        }
    }
};

QTEST_APPLESS_MAIN(TestProxies)
#include "test_proxies.moc"
