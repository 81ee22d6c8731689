// Tokens: the order in which they are found, keeping one, and that nothing tells them.
#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/log.h"
#include "jobs/system/hub_tokens.h"
#include "jobs/system/network_access.h"
#include "support/checked.h"
#include "support/fake_keychain.h"
#include "support/hub_server.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

/// Everything that the program logs.
class Lines final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view message) override {
        text += std::string(message);
    }
    std::string text;
};

struct Ground {
    Ground() { setLogSink(lines); }
    ~Ground() { setLogSink(nullptr); }

    HubTokens tokens(bool hasKeychain = true) {
        return {environment, hub.endpoint(),
                hasKeychain ? std::make_unique<FakeKeychain>(kept) : std::unique_ptr<FakeKeychain>()};
    }
    std::string name() const { return "token for " + hub.endpoint(); }
    Result<std::string> keep(const std::string& token) {
        return tokens().keep(token, *transport, noPause, {});
    }
    TokenState tried() { return tokens().tried(*transport, noPause, {}); }

    static void noPause(double, const CancelToken&) {}
    TemporaryFolder folder;
    HubServer hub;
    std::unique_ptr<network::Transport> transport = checked(openNetwork({}));
    config::Environment environment{{"HF_TOKEN_PATH", (folder / "token").string()}};
    KeptSecrets kept;
    std::shared_ptr<Lines> lines = std::make_shared<Lines>();
};

} // namespace

class TestHubTokens final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theKeychainComesBeforeTheVariableAndThatBeforeTheFile() {
        Ground ground;
        QVERIFY(ground.tokens().find({})->text.empty());
        checked(writeFileAtomically(systemFiles(), ground.folder / "token", "hf_ofTheFile\n"));
        QCOMPARE(ground.tokens().find({})->text, std::string("hf_ofTheFile"));
        ground.environment["HF_TOKEN"] = "hf_ofTheVariable";
        QCOMPARE(ground.tokens().find({})->origin, std::string("HF_TOKEN"));
        ground.kept.byName[ground.name()] = "hf_ofTheKeychain";
        QCOMPARE(ground.tokens().find({})->text, std::string("hf_ofTheKeychain"));
        QCOMPARE(ground.tokens().find({})->origin, std::string("the keychain"));
        QCOMPARE(ground.tokens(false).find({})->origin, std::string("HF_TOKEN"));
    }

    void aTokenOfAnotherAddressIsNotOffered() {
        Ground ground;
        ground.kept.byName["token for https://huggingface.co"] = "hf_ofTheHub";
        QVERIFY(ground.tokens().find({})->text.empty());
    }

    void aKeychainThatRefusesIsPassedOver() {
        Ground ground;
        ground.environment["HF_TOKEN"] = HubServer::kOtherToken;
        ground.kept.refusal = Error{codes::kHubToken, "it is locked"};
        QCOMPARE(ground.tokens().find({})->origin, std::string("HF_TOKEN"));
        QVERIFY(ground.lines->text.find("it is locked") != std::string::npos);
    }

    void aKeychainThatWaitsForTheUserIsLeftOnCancel() {
        Ground ground;
        ground.environment["HF_TOKEN"] = HubServer::kOtherToken;
        ground.kept.isLocked = true;
        const CancelToken cancel;
        cancel.cancel();
        const auto found = ground.tokens().find(cancel);
        QVERIFY(!found);
        QCOMPARE(found.error().code, codes::kCancelled);
        QCOMPARE(ground.tokens().forget(cancel).error().code, codes::kCancelled);
        QVERIFY(ground.lines->text.empty()); // a stop is no refusal
    }

    void whoWantsNoImplicitTokenIsNotAskedForOne() {
        Ground ground;
        ground.kept.byName[ground.name()] = HubServer::kOtherToken;
        ground.environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
        QVERIFY(ground.tokens().find({})->text.empty());
        QCOMPARE(ground.kept.reads.load(), 0);
    }

    void whatTheHubKnowsIsKeptAndForgotten() {
        Ground ground;
        const auto account = ground.keep(std::string("  ") + HubServer::kOtherToken + "\n");
        QVERIFY2(account, account ? "" : account.error().message.c_str());
        QCOMPARE(*account, std::string("\"somebody\""));
        QCOMPARE(ground.kept.byName[ground.name()], std::string(HubServer::kOtherToken));
        QVERIFY(ground.tokens().forget({}));
        QVERIFY(ground.kept.byName.empty());
    }

    void whatTheHubDoesNotKnowIsNotKept() {
        Ground ground;
        for (const char* wrong : {"hf_canaryThatNobodyKnows0", "two words", ""}) {
            const auto account = ground.keep(wrong);
            QVERIFY2(!account, wrong);
            QCOMPARE(account.error().code, codes::kHubToken);
        }
        QVERIFY(ground.kept.byName.empty());
        QCOMPARE(ground.hub.countOf("whoami"), std::size_t{1}); // what can be no token is not sent
    }

    void withoutAKeychainKeepingIsRefusedBeforeTheTokenIsSent() {
        Ground ground;
        const auto kept =
            ground.tokens(false).keep(HubServer::kOtherToken, *ground.transport, Ground::noPause, {});
        QVERIFY(!kept);
        QVERIFY(kept.error().message.find("HF_TOKEN") != std::string::npos);
        QVERIFY(!ground.tokens(false).forget({}));
        QVERIFY(ground.hub.hubRequests().empty());
    }

    void aStateTellsWhereAndWhoseAndNeverWhat() {
        Ground ground;
        QCOMPARE(tokenWords(ground.tried()), std::string("none; models that need none can be downloaded"));
        ground.environment["HF_TOKEN"] = HubServer::kOtherToken;
        const TokenState right = ground.tried();
        QCOMPARE(tokenWords(right), std::string("from HF_TOKEN, of \"somebody\""));
        ground.environment["HF_TOKEN"] = "hf_canaryThatNobodyKnows0";
        const TokenState wrong = ground.tried();
        QVERIFY(wrong.problem && wrong.account.empty());
        QCOMPARE(wrong.problem->code, codes::kHubToken);
        for (const std::string& told : {tokenWords(wrong), wrong.problem->detail, ground.lines->text})
            QVERIFY2(told.find("hf_canary") == std::string::npos, told.c_str());
    }

    void aSessionWithoutABusHasNoKeychain() {
        QVERIFY(network::openKeychain({}) == nullptr);
        QVERIFY(network::openKeychain({{"XDG_RUNTIME_DIR", "/nowhere"}}) == nullptr);
    }

    void aBusWithoutAKeychainIsPassedOver() {
        const config::Environment environment{{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus"}};
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus"); // which QtKeychain reads itself
        auto tokens = HubTokens::of({}, environment);
        QVERIFY(tokens && tokens->canKeep());
        const auto found = tokens->find({});
        QVERIFY(found && found->text.empty());
    }
};

QTEST_GUILESS_MAIN(TestHubTokens)
#include "test_hub_tokens.moc"
