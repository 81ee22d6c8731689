// The way of a model into the window: from the first screen, the list, or a name; stopped, refused, arrived.
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTest>

#include "support/hub_server.h"
#include "support/window_ground.h"
#include "widgets/downloads_pane.h"
#include "widgets/message_bar.h"
#include "widgets/models_pane.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;

namespace {

constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";
const QString kTiny = QStringLiteral("smollm2/135m-instruct");

struct Scene {
    Scene() {
        window.close();
        {
            const MayBlock here;
            hub.addFolder(kTinyId, window.ground.source());
        }
        window.ground.variables["HF_ENDPOINT"] = hub.endpoint();
        window.open();
    }
    ~Scene() { window.session->cancelAll(); }

    DownloadsPane& pane() const { return *window.window->findChild<DownloadsPane*>(); }
    QTableView& list() const { return window.find<QTableView>("downloadList"); }
    QString message() const { return pane().findChild<MessageBar*>()->text(); }
    bool isReady(const QString& name) const {
        const auto entry = window.session->models.find(name);
        return entry && entry->isUsable();
    }

    HubServer hub;
    WindowGround window;
};

} // namespace

class TestDownloadsPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theFirstScreenGetsTheStarterModel() {
        Scene place;
        QVERIFY(place.window.window->isFirstStartShown());
        place.window.click("firstDownload");
        QCOMPARE(place.window.window->place(), widgets::Place::Downloads);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(kTiny); }));
        QVERIFY(WindowGround::waitFor([&] { return place.message().contains(kTiny); }));
        QCOMPARE(place.list().model()->rowCount(), 1);
        QVERIFY(place.window.ground.files.violations().empty());
    }

    void theListOffersWhatIsNotThere() {
        Scene place;
        place.window.click("lookAround");
        auto* models = place.window.window->findChild<ModelsPane*>();
        models->choose(kTiny);
        auto& button = place.window.find<QPushButton>("detailsDownload");
        QVERIFY(button.isVisible());
        QVERIFY2(button.text().contains(QStringLiteral("269 MB")), qPrintable(button.text()));
        place.window.click("detailsDownload");
        QCOMPARE(place.window.window->place(), widgets::Place::Downloads);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(kTiny); }));
        place.window.window->goTo(widgets::Place::Models);
        models->choose(kTiny);
        QVERIFY(!button.isVisible());
    }

    void anyIdCanBeTyped() {
        Scene place;
        place.hub.models["org/tiny"] = place.hub.models[kTinyId];
        place.window.click("lookAround");
        place.window.window->goTo(widgets::Place::Downloads);
        auto& name = place.window.find<QLineEdit>("downloadName");
        QVERIFY(!place.window.find<QPushButton>("downloadButton").isEnabled());
        QTest::keyClicks(&name, QStringLiteral("org/tiny"));
        QTest::keyClick(&name, Qt::Key_Return);
        QVERIFY(name.text().isEmpty());
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(QStringLiteral("org/tiny")); }));
    }

    void aTokenIsAskedForAndNotKept() {
        Scene place;
        place.hub.models[kTinyId].isGated = true;
        place.window.click("firstDownload");
        QVERIFY(WindowGround::waitFor([&] { return place.message().contains(QStringLiteral("licence")); }));
        auto* bar = place.pane().findChild<MessageBar*>();
        for (QPushButton* button : bar->findChildren<QPushButton*>())
            if (button->isVisible()) QTest::mouseClick(button, Qt::LeftButton);
        auto& dialog = place.window.await<QInputDialog>("tokenDialog");
        auto* line = dialog.findChild<QLineEdit*>();
        QVERIFY(line != nullptr);
        QCOMPARE(line->echoMode(), QLineEdit::Password);
        line->setText(QString::fromLatin1(HubServer::kLicensedToken));
        dialog.accept();
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(kTiny); }));
        for (const managers::Job* job : place.window.session->context.jobs.jobs())
            QVERIFY(!job->commandLine().contains(QLatin1String("hf_")));
    }

    void whatIsStoppedGoesOn() {
        Scene place;
        bool isSilent = true;
        place.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isSilent || request.target.find(HubServer::kSignature) == std::string::npos)
                return std::nullopt;
            isSilent = false;
            return ServedAnswer{
                "HTTP/1.1 200 -\r\nContent-Length: " +
                    std::to_string(place.hub.models[kTinyId].files["model.safetensors"].size()) +
                    "\r\n\r\nab",
                ServedAnswer::Then::Silence};
        };
        place.window.click("firstDownload");
        QVERIFY(WindowGround::waitFor([&] { return !place.hub.storeRequests().empty(); }));
        auto& stop = place.window.find<QPushButton>("stopDownload");
        auto& goOn = place.window.find<QPushButton>("goOnDownload");
        QVERIFY(stop.isEnabled() && !goOn.isEnabled());
        place.window.click("stopDownload");
        QVERIFY(WindowGround::waitFor([&] { return goOn.isEnabled(); }));
        QVERIFY(WindowGround::waitFor([&] {
            const auto entry = place.window.session->models.find(kTiny);
            return entry && entry->isDownload;
        }));
        place.window.click("goOnDownload");
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(kTiny); }));
    }
};

QTEST_MAIN(TestDownloadsPane)
#include "test_downloads_pane.moc"
