// The sheet that tells what a download would bring: from the Hub, from Meta, from a folder; refused, stopped,
// begun.
#include <fstream>

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QTreeWidget>

#include "core/hash.h"
#include "support/hub_window.h"
#include "widgets/get_model_dialog.h"
#include "widgets/message_bar.h"
#include "widgets/models_pane.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::DownloadState;
namespace fs = std::filesystem;

namespace {

/// The sheet, open, with what is in it.
struct Sheet {
    explicit Sheet(const HubWindow& place)
        : dialog(place.window.await<GetModelDialog>("getModelDialog")) {
        activate();
    }

    /// As a window manager does, at first and when a list of names that popped up has gone.
    void activate() const { QApplication::setActiveWindow(&dialog); }

    template <typename Type>
    Type& find(const char* name) const {
        auto* found = dialog.findChild<Type*>(QString::fromLatin1(name));
        if (found == nullptr) qFatal("no '%s' in the sheet", name);
        return *found;
    }
    QPushButton& go() const { return find<QPushButton>("startDownloadButton"); }
    QString message() const { return dialog.findChild<MessageBar*>()->text(); }
    bool awaitOffer() const {
        return WindowGround::waitFor([&] { return find<QTreeWidget>("offerFiles").topLevelItemCount() > 0; });
    }
    bool awaitMessage(const QString& part) const {
        return WindowGround::waitFor([&] { return message().contains(part); });
    }
    void chooseSource(jobs::DownloadSource source) const {
        auto& box = find<QComboBox>("sourceBox");
        box.setCurrentIndex(box.findData(static_cast<int>(source)));
    }
    void type(const char* name, const QString& text) const { QTest::keyClicks(&find<QWidget>(name), text); }

    GetModelDialog& dialog;
};

void openSheet(const HubWindow& place) {
    place.window.click("lookAround");
    place.window.press(Qt::Key_G, Qt::ControlModifier);
}

} // namespace

class TestGetModel final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theFirstScreenOffersTheStarterModel() {
        HubWindow place;
        place.window.click("firstDownload");
        const Sheet sheet(place);
        QVERIFY(sheet.awaitOffer());
        QVERIFY(place.hub.storeRequests().empty());
        const auto offered = place.hub.models[HubWindow::kTinyId].files.size();
        QCOMPARE(static_cast<std::size_t>(sheet.find<QTreeWidget>("offerFiles").topLevelItemCount()),
                 offered);
        QVERIFY(sheet.find<QLabel>("offerPlace").text().contains(QStringLiteral("smollm2")));
        QVERIFY(sheet.find<QLabel>("offerRoom").text().contains(QStringLiteral("free")));
        QVERIFY(sheet.find<QLabel>("offerLicence")
                    .text()
                    .contains(QStringLiteral("Apache"), Qt::CaseInsensitive));
        QVERIFY2(sheet.go().text().contains(QStringLiteral("B")), qPrintable(sheet.go().text())); // kB, MB
        place.picture("get_model_offer");
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QCOMPARE(place.window.window->place(), widgets::Place::Downloads);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(); }));
        QVERIFY(place.window.ground.files.violations().empty());
    }

    void theListOpensItWithTheModel() {
        HubWindow place;
        place.window.click("lookAround");
        auto* models = place.window.window->findChild<ModelsPane*>();
        models->choose(HubWindow::kTiny);
        auto& button = place.window.find<QPushButton>("detailsDownload");
        QVERIFY2(button.text().contains(QStringLiteral("269 MB")), qPrintable(button.text()));
        QTest::mouseClick(&button, Qt::LeftButton);
        const Sheet sheet(place);
        QCOMPARE(sheet.find<QComboBox>("modelBox").currentText(), HubWindow::kTiny);
        QVERIFY(sheet.awaitOffer());
    }

    void anyIdOfTheHubIsTypedAndBegunByKeys() {
        HubWindow place;
        place.hub.models["org/tiny"] = place.hub.models[HubWindow::kTinyId];
        openSheet(place);
        const Sheet sheet(place);
        QVERIFY(!sheet.go().isEnabled());
        sheet.find<QComboBox>("modelBox").setFocus();
        sheet.type("modelBox", QStringLiteral("org/tiny"));
        QVERIFY(sheet.go().isEnabled());
        QTest::keyClick(sheet.dialog.windowHandle(), Qt::Key_Return);
        QVERIFY(sheet.awaitOffer());
        sheet.activate();
        QVERIFY(WindowGround::waitFor([&] { return sheet.go().hasFocus(); }));
        QTest::keyClick(sheet.dialog.windowHandle(), Qt::Key_Return);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(QStringLiteral("org/tiny")); }));
        QCOMPARE(place.window.session->downloads.items().size(), std::size_t{1});
    }

    void whatIsTypedAnewMakesTheOfferVoid() {
        HubWindow place;
        place.window.click("firstDownload");
        const Sheet sheet(place);
        QVERIFY(sheet.awaitOffer());
        sheet.type("revisionEdit", QStringLiteral("v2"));
        QVERIFY(!sheet.find<QTreeWidget>("offerFiles").isVisible());
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY2(sheet.awaitMessage(QStringLiteral("v2")), qPrintable(sheet.message()));
        QVERIFY(place.window.session->downloads.items().empty());
    }

    void aLicenceIsToBeAcceptedAndATokenOpensTheWay() {
        HubWindow place;
        place.hub.models[HubWindow::kTinyId].isGated = true;
        place.window.click("firstDownload");
        const Sheet sheet(place);
        QVERIFY2(sheet.awaitMessage(QStringLiteral("licence")), qPrintable(sheet.message()));
        QVERIFY(sheet.message().contains(QStringLiteral("https://huggingface.co/")));
        auto& token = sheet.find<QLineEdit>("tokenEdit");
        QVERIFY(token.isVisible());
        QCOMPARE(token.echoMode(), QLineEdit::Password);
        place.picture("get_model_licence");
        sheet.type("tokenEdit", QString::fromLatin1(HubServer::kLicensedToken));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY(sheet.awaitOffer());
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(); }));
        for (const managers::Job* job : place.window.session->context.jobs.jobs())
            QVERIFY(!(job->commandLine() + job->title()).contains(QLatin1String("hf_")));
    }

    void aMissingModelIsToldAndTheSheetStays() {
        HubWindow place;
        openSheet(place);
        const Sheet sheet(place);
        sheet.type("modelBox", QStringLiteral("org/nothing"));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY2(sheet.awaitMessage(QStringLiteral("org/nothing")), qPrintable(sheet.message()));
        QVERIFY(sheet.dialog.isVisible());
    }

    void askingIsStoppedByTheSheetsButton() {
        HubWindow place;
        place.hub.fault = [](const ServedRequest&) { return ServedAnswer{{}, ServedAnswer::Then::Silence}; };
        place.window.click("firstDownload");
        const Sheet sheet(place);
        QVERIFY(WindowGround::waitFor([&] { return !place.hub.hubRequests().empty(); }));
        auto& cancel = sheet.find<QPushButton>("cancelButton");
        QCOMPARE(cancel.text(), QStringLiteral("Stop"));
        place.picture("get_model_asking");
        QTest::mouseClick(&cancel, Qt::LeftButton);
        QVERIFY(WindowGround::waitFor([&] { return sheet.go().isEnabled(); }));
        QVERIFY(sheet.dialog.isVisible());
        QTest::mouseClick(&cancel, Qt::LeftButton);
        QVERIFY(!sheet.dialog.isVisible());
    }

    void typingWhileItAsksForgetsTheQuestion() {
        HubWindow place;
        place.hub.fault = [](const ServedRequest&) { return ServedAnswer{{}, ServedAnswer::Then::Silence}; };
        place.window.click("firstDownload");
        const Sheet sheet(place);
        QVERIFY(WindowGround::waitFor([&] { return !place.hub.hubRequests().empty(); }));
        sheet.type("revisionEdit", QStringLiteral("v2"));
        QVERIFY(sheet.go().isEnabled());
        const auto& jobs = place.window.session->context.jobs;
        QVERIFY(WindowGround::waitFor([&] { return jobs.activeJobs().empty(); }));
        QVERIFY(sheet.message().isEmpty());
    }

    void aFolderWithHashesIsASource() {
        HubWindow place;
        const fs::path source = place.window.ground.source();
        {
            const MayBlock here;
            std::string sums;
            for (const auto& entry : fs::directory_iterator(source))
                sums += *sha256File(entry.path()) + "  " + entry.path().filename().string() + "\n";
            std::ofstream(source / "SHA256SUMS") << sums;
        }
        openSheet(place);
        const Sheet sheet(place);
        sheet.type("modelBox", QStringLiteral("smollm2 360m"));
        sheet.chooseSource(jobs::DownloadSource::Mirror);
        QVERIFY(!sheet.go().isEnabled());
        sheet.type("placeEdit", QString::fromStdString(source.string()));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY(sheet.awaitOffer());
        QCOMPARE(sheet.find<QLabel>("offerSource").text(), QString::fromStdString(source.string()));
        place.picture("get_model_folder");
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(QStringLiteral("smollm2/360m")); }));
    }

    void metasLinkIsHiddenAndStandsNowhere() {
        HubWindow place;
        const std::string secret = "canaryOfMetasSignature0123456789";
        const fs::path set = fs::path(LLAMAHOME_TEST_DATA) / "formats/meta_whole";
        const HttpServer meta([&](const ServedRequest& asked) {
            const std::string path = asked.target.substr(0, asked.target.find('?'));
            const std::string folder = "/Llama-3.2-1B/";
            if (asked.target.find(secret) == std::string::npos || !path.starts_with(folder))
                return ServedAnswer{httpAnswer(403, "denied")};
            const auto bytes = readFile(set / path.substr(folder.size()));
            return ServedAnswer{bytes ? fileAnswer(asked, *bytes) : httpAnswer(403, "denied")};
        });
        const std::string link = meta.url("/*?Policy=eyJ9_&Signature=") + secret + "&Key-Pair-Id=K1";
        openSheet(place);
        const Sheet sheet(place);
        sheet.type("modelBox", QStringLiteral("llama/3.2-1b"));
        sheet.chooseSource(jobs::DownloadSource::Meta);
        auto& field = sheet.find<QLineEdit>("linkEdit");
        QCOMPARE(field.echoMode(), QLineEdit::Password);
        sheet.type("linkEdit", QStringLiteral("https://example.org/else"));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY2(sheet.awaitMessage(QStringLiteral("link")), qPrintable(sheet.message()));
        field.clear();
        sheet.type("linkEdit", QString::fromStdString(link));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY2(sheet.awaitOffer(), qPrintable(sheet.message()));
        QTest::mouseClick(&sheet.go(), Qt::LeftButton);
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(QStringLiteral("llama/3.2-1b")); }));
        const auto& downloads = place.window.session->downloads;
        QVERIFY(downloads.items().front().wish.secret.isEmpty());
        QVERIFY(WindowGround::waitFor([&] {
            const MayBlock here;
            return !jobs::readDownloads({place.window.ground.root()}).empty();
        }));
        const MayBlock here;
        for (const auto& entry : fs::recursive_directory_iterator(place.window.ground.folder()))
            if (entry.is_regular_file()) QVERIFY(readFile(entry.path())->find(secret) == std::string::npos);
        for (const managers::Job* job : place.window.session->context.jobs.jobs())
            QVERIFY(!(job->commandLine() + job->title()).contains(QString::fromStdString(secret)));
    }
};

QTEST_MAIN(TestGetModel)
#include "test_get_model.moc"
