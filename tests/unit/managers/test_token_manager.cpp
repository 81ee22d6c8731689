#include <QTest>

#include "managers/settings_manager.h"
#include "managers/token_manager.h"
#include "support/fake_keychain.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;

namespace {

struct Place {
    Place() {
        if (!QTest::qWaitFor([this] { return settings.isRead(); }, kPatienceMs)) qFatal("nothing was read");
        tokens.emplace(context, settings,
                       [this](const config::HubSettings&, const config::Environment& environment) {
                           return jobs::HubTokens(environment, "https://huggingface.co",
                                                  std::make_unique<FakeKeychain>(kept));
                       });
    }
    bool isAsked() {
        return QTest::qWaitFor([this] { return kept.reads > 0; }, kPatienceMs);
    }

    KeptSecrets kept;
    ManagerGround ground;
    ManagerContext context{ground.workspace()};
    SettingsManager settings{context};
    std::optional<TokenManager> tokens;
};

} // namespace

class TestTokenManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The keychain would wait for ever: that the manager ends at all is what is shown.
    void endingDoesNotWaitForALockedKeychain() {
        Place place;
        place.kept.isLocked = true;
        bool isTold = false;
        QObject::connect(&*place.tokens, &TokenManager::failed, &place.context.jobs, [&] { isTold = true; });
        place.tokens->refresh();
        QVERIFY(place.isAsked());
        place.tokens.reset();
        QCoreApplication::processEvents(); // the answer that nobody waits for any more
        QVERIFY(!isTold);
    }

    void whatTheKeychainHoldsIsShownAndForgotten() {
        Place place;
        place.kept.byName["token for https://huggingface.co"] = "hf_ofTheKeychain";
        place.tokens->refresh();
        QTRY_VERIFY_WITH_TIMEOUT(place.tokens->canForget(), kPatienceMs);
        place.tokens->forget();
        QTRY_VERIFY_WITH_TIMEOUT(!place.tokens->isBusy() && !place.tokens->canForget(), kPatienceMs);
        QVERIFY(place.kept.byName.empty());
    }
};

QTEST_GUILESS_MAIN(TestTokenManager)
#include "test_token_manager.moc"
