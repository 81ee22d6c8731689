// The network by settings and environment: own authorities, proxies, and addresses without encryption.
#include <fstream>

#include <QTest>

#include "core/error_codes.h"
#include "download/hub_client.h"
#include "jobs/download/remote_model.h"
#include "jobs/system/network_access.h"
#include "support/hub_server.h"
#include "support/noise.h"
#include "support/proxy_server.h"
#include "support/temporary_folder.h"
#include "support/test_authority.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

void noPause(double, const CancelToken&) {}

Result<std::string> whoAmI(const std::string& endpoint, const config::HubSettings& hub,
                           const config::Environment& environment) {
    const auto rules = networkRules(hub, environment);
    if (!rules) return rules.error();
    const auto transport = openNetwork(*rules);
    if (!transport) return transport.error();
    return download::whoAmI(**transport, {endpoint, HubServer::kOtherToken}, noPause, {});
}

} // namespace

class TestNetworkAccess final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anAuthorityOfTheHouseIsTrustedWhereItIsNamed() {
        const TestAuthority authority;
        const HubServer hub(authority.identity());
        const TemporaryFolder folder;
        const auto bundle = (folder / "house.pem").string();
        std::ofstream(bundle) << authority.certificate();
        for (const char* name : {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
            const auto known = whoAmI(hub.endpoint(), {}, {{name, bundle}});
            QVERIFY2(known, known ? "" : known.error().message.c_str());
        }
        const auto unknown = whoAmI(hub.endpoint(), {}, {});
        QVERIFY(!unknown);
        QCOMPARE(unknown.error().code, codes::kNetworkTls);
        const auto missing = whoAmI(hub.endpoint(), {}, {{"SSL_CERT_FILE", "/nowhere/x.pem"}});
        QVERIFY(!missing);
        QCOMPARE(missing.error().code, codes::kEnvironmentValue);
    }

    void theProxyOfTheEnvironmentIsAskedForTheTunnel() {
        const TestAuthority authority;
        const HubServer hub(authority.identity());
        const TemporaryFolder folder;
        const auto bundle = (folder / "house.pem").string();
        std::ofstream(bundle) << authority.certificate();
        const ProxyServer proxy;
        QVERIFY(whoAmI(hub.endpoint(), {}, {{"SSL_CERT_FILE", bundle}, {"HTTPS_PROXY", proxy.address()}}));
        QCOMPARE(proxy.heads().size(), std::size_t{1});
        QVERIFY(proxy.heads().front().starts_with("CONNECT "));
        QVERIFY(proxy.heads().front().find(HubServer::kOtherToken) == std::string::npos);
    }

    void anAddressWithoutEncryptionNeedsConsentAndGetsNoToken() {
        HubServer hub;
        hub.models["org/name"].files = {{"config.json", R"({"architectures":["LlamaForCausalLM"]})"},
                                        {"tokenizer.json", "{}"},
                                        {"model.safetensors", noise(1000, 1)}};
        const std::string endpoint =
            "http://mirror.example" + hub.endpoint().substr(hub.endpoint().rfind(':'));
        const ProxyServer proxy; // leads every name to this machine
        const config::Environment environment{{"http_proxy", proxy.address()}};
        config::HubSettings settings;
        const auto refused = download::hubEndpoint(endpoint, settings.plain_http);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, codes::kAddressRefused);
        QVERIFY(refused.error().message.find("model.hub.plain_http=true") != std::string::npos);
        QVERIFY(!whoAmI(endpoint, settings, environment));
        QVERIFY(proxy.heads().empty()); // nothing was sent

        settings.plain_http = true;
        QVERIFY(download::hubEndpoint(endpoint, settings.plain_http));
        const auto transport = openNetwork(*networkRules(settings, environment));
        QVERIFY(transport);
        const HubModelRequest request{{endpoint, HubServer::kLicensedToken}, "org/name", {}, {}, {}};
        const auto model = findHubModel(**transport, request, noPause, {});
        QVERIFY2(model || model.error().code == codes::kModelConfigValue,
                 model ? "" : model.error().message.c_str());
        QVERIFY(!proxy.heads().empty());
        for (const std::string& head : proxy.heads())
            QVERIFY(head.find(HubServer::kLicensedToken) == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestNetworkAccess)
#include "test_network_access.moc"
