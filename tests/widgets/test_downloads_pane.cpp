// The page of downloads: the queue with its files, pause, continue, order, cancel, history, speed limit.
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTest>
#include <QTreeView>

#include "items/download_file_table.h"
#include "items/download_table.h"
#include "items/model_table.h"
#include "support/hub_window.h"
#include "widgets/downloads_pane.h"
#include "widgets/message_bar.h"
#include "widgets/models_pane.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using items::DownloadFileTable;
using items::DownloadTable;
using managers::DownloadState;

namespace {

/// The page of downloads of a window, with more models at the Hub.
struct Scene : HubWindow {
    Scene() {
        for (const char* id : {"org/one", "org/two", "org/three"})
            hub.models[id] = hub.models[kTinyId];
        window.click("lookAround");
        window.window->goTo(widgets::Place::Downloads);
    }

    DownloadsPane& pane() const { return *window.window->findChild<DownloadsPane*>(); }
    QTableView& list() const { return window.find<QTableView>("downloadList"); }
    QTableView& files() const { return window.find<QTableView>("downloadFiles"); }
    QPushButton& button(const char* name) const { return window.find<QPushButton>(name); }
    QString message() const { return pane().findChild<MessageBar*>()->text(); }
    QString cell(int row, int column) const { return list().model()->index(row, column).data().toString(); }
    QStringList names() const {
        QStringList all;
        for (int row = 0; row < list().model()->rowCount(); ++row)
            all.append(cell(row, DownloadTable::Name));
        return all;
    }
    void pressAction() const {
        for (QPushButton* one : pane().findChild<MessageBar*>()->findChildren<QPushButton*>())
            if (one->isVisible()) QTest::mouseClick(one, Qt::LeftButton);
    }
};

} // namespace

class TestDownloadsPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anEmptyPageTellsTheNextStep() {
        const Scene place;
        QVERIFY(!place.list().isVisible());
        place.picture("downloads_empty");
        place.window.click("getModelButton");
        QVERIFY(place.window.await<QWidget>("getModelDialog").isVisible());
    }

    void aDownloadIsShownWithItsFiles() {
        Scene place;
        const quint64 id = place.startSilent();
        QCOMPARE(place.names(), QStringList{HubWindow::kTiny});
        QVERIFY(WindowGround::waitFor([&] { return place.files().model()->rowCount() > 3; }));
        const auto* model = place.files().model();
        int proved = 0;
        for (int row = 0; row < model->rowCount(); ++row)
            proved +=
                model->index(row, DownloadFileTable::Proof).data().toString().contains(QStringLiteral("SHA"));
        QCOMPARE(proved, model->rowCount());
        QVERIFY(WindowGround::waitFor([&] {
            for (int row = 0; row < model->rowCount(); ++row)
                if (model->index(row, DownloadFileTable::State).data().toString() == QStringLiteral("done"))
                    return true;
            return false;
        }));
        QVERIFY(place.cell(0, DownloadTable::Amount).contains(QStringLiteral(" of ")));
        place.picture("downloads_files");
        place.window.click("pauseDownload");
        QVERIFY(place.awaitState(id, DownloadState::Paused));
        place.isSilent = false;
        QCOMPARE(place.button("pauseDownload").text(), QStringLiteral("&Continue"));
        place.window.click("pauseDownload");
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(); }));
        QVERIFY(WindowGround::waitFor([&] { return place.message().contains(HubWindow::kTiny); }));
        QCOMPARE(place.cell(0, DownloadTable::State), QStringLiteral("done"));
        place.window.click("showInModels");
        QCOMPARE(place.window.window->place(), widgets::Place::Models);
        place.picture("models_page");
        QCOMPARE(place.window.window->findChild<ModelsPane*>()->chosenName(), HubWindow::kTiny);
    }

    void theQueueIsReorderedAndPausedByKeys() {
        Scene place;
        place.startSilent(QStringLiteral("org/one"));
        place.startSilent(QStringLiteral("org/two"));
        const quint64 third = place.start(QStringLiteral("org/three"));
        const quint64 fourth = place.start();
        QCOMPARE(place.cell(3, DownloadTable::State), QStringLiteral("waiting for its turn"));
        place.list().setFocus();
        QTest::keyClick(&place.list(), Qt::Key_End, Qt::ControlModifier);
        QTest::keyClick(&place.list(), Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(place.names().mid(2), QStringList({HubWindow::kTiny, QStringLiteral("org/three")}));
        QCOMPARE(place.list().currentIndex().row(), 2); // it stays chosen
        QTest::keyClick(&place.list(), Qt::Key_Down, Qt::ControlModifier);
        QCOMPARE(place.names().back(), HubWindow::kTiny);
        place.picture("downloads_queue");
        QTest::keyClick(&place.list(), Qt::Key_Space);
        QCOMPARE(place.stateOf(fourth), DownloadState::Paused);
        QTest::keyClick(&place.list(), Qt::Key_Delete); // nothing of it is here: nothing to ask about
        QVERIFY(place.window.session->downloads.find(fourth) == nullptr);
        QCOMPARE(place.stateOf(third), DownloadState::Waiting);
    }

    void cancellingTellsTheBytesThatGo() {
        Scene place;
        const quint64 id = place.startSilent();
        QVERIFY(
            WindowGround::waitFor([&] { return place.window.session->downloads.find(id)->doneBytes > 0; }));
        place.window.click("cancelDownload");
        auto& remove = place.window.await<QPushButton>("deleteButton");
        QVERIFY(WindowGround::waitFor([&] { return remove.isEnabled(); }));
        QVERIFY2(remove.text().contains(QStringLiteral("B")), qPrintable(remove.text())); // kB, MB
        QTest::mouseClick(&remove, Qt::LeftButton);
        QVERIFY(WindowGround::waitFor([&] { return place.list().model()->rowCount() == 0; }));
        const auto entry = place.window.session->models.find(HubWindow::kTiny);
        QVERIFY(entry && entry->state == jobs::ModelState::Absent);
    }

    void aFailureStaysInTheHistoryAndIsTriedAgain() {
        Scene place;
        place.hub.models[HubWindow::kTinyId].isGated = true;
        const quint64 id = place.start();
        QVERIFY(place.awaitState(id, DownloadState::Failed));
        QVERIFY(place.message().contains(QStringLiteral("licence")));
        QVERIFY(place.window.find<QLabel>("downloadLine").text().contains(QStringLiteral("licence")));
        place.picture("downloads_failure");
        place.pressAction();
        auto& dialog = place.window.await<QInputDialog>("tokenDialog");
        auto* line = dialog.findChild<QLineEdit*>();
        QCOMPARE(line->echoMode(), QLineEdit::Password);
        line->setText(QString::fromLatin1(HubServer::kLicensedToken));
        dialog.accept();
        QVERIFY(place.awaitState(id, DownloadState::Done));
        QVERIFY(place.button("clearHistory").isEnabled());
        place.window.click("clearHistory");
        QCOMPARE(place.list().model()->rowCount(), 0);
    }

    void afterARestartItIsPausedAndContinues() {
        Scene place;
        const quint64 id = place.startSilent();
        QVERIFY(
            WindowGround::waitFor([&] { return place.window.session->downloads.find(id)->doneBytes > 0; }));
        place.window.close();
        place.isSilent = false;
        place.window.open();
        const auto& downloads = place.window.session->downloads;
        QVERIFY(WindowGround::waitFor([&] { return downloads.isRead(); }));
        QCOMPARE(downloads.items().size(), std::size_t{1});
        QCOMPARE(place.cell(0, DownloadTable::State), QStringLiteral("paused"));
        place.window.window->goTo(widgets::Place::Downloads);
        place.window.click("pauseDownload");
        QVERIFY(WindowGround::waitFor([&] { return place.isReady(); }));
    }

    void theLimitIsASettingOfThePage() {
        const Scene place;
        auto& limit = place.window.find<QWidget>("speedLimit");
        auto* line = limit.findChild<QLineEdit*>();
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("2.5"));
        QTest::keyClick(line, Qt::Key_Return);
        const auto& settings = place.window.session->settings;
        QVERIFY(WindowGround::waitFor([&] { return settings.settings().model.hub.max_mb_per_second > 0.0; }));
    }

    void theListOfModelsTellsHowFarItIs() {
        Scene place;
        place.startSilent();
        place.window.window->goTo(widgets::Place::Models);
        const auto& list = place.window.find<QTreeView>("modelList");
        QVERIFY(WindowGround::waitFor([&] {
            const auto matches =
                list.model()->match(list.model()->index(0, 0), Qt::DisplayRole, HubWindow::kTiny, 1,
                                    Qt::MatchRecursive | Qt::MatchExactly);
            return !matches.isEmpty() &&
                   matches.front().siblingAtColumn(items::ModelTable::State).data().toString().contains(u'%');
        }));
    }
};

QTEST_MAIN(TestDownloadsPane)
#include "test_downloads_pane.moc"
