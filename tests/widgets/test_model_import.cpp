// Checks, repairs and imports of models through the dialogs of the Models page.
#include <fstream>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QTreeView>

#include "models_place.h"
#include "support/trained_run.h"
#include "support/training_ground.h"
#include "widgets/message_bar.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::pathToQt;
namespace fs = std::filesystem;
using Place = ModelsPlace;

class TestModelImport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aWholeModelIsVerifiedWithItsTableOfChecks() {
        Place place(true);
        QTRY_COMPARE(place.pane->chosenName(), kName);
        place.find<ModelDetails>("modelDetails")->menu()->actions().at(1)->trigger();
        QDialog* dialog = place.dialog("verifyDialog");
        auto* table = in<QTreeView>(dialog, "checkTable");
        QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() >= 5, kPatienceMs);
        for (int row = 0; row < table->model()->rowCount(); ++row)
            QVERIFY(table->model()->index(row, 1).data().toString() != QStringLiteral("failed"));
        QVERIFY(textOf(dialog, "outcome").contains(QStringLiteral("is whole, every byte")));
        click(dialog, "copyCommandButton");
        QVERIFY(QApplication::clipboard()->text().endsWith(
            QStringLiteral("verify smollm2 135m-instruct --deep")));
    }

    void aListThatIsOutOfDateIsRepairedByTheButtonOfItsRow() {
        Place place(true);
        std::ofstream(place.ground.installed() / "LICENSE") << "other terms";
        QTRY_COMPARE(place.pane->chosenName(), kName);
        place.find<ModelDetails>("modelDetails")->menu()->actions().at(1)->trigger();
        QDialog* dialog = place.dialog("verifyDialog");
        const auto repairs = [&] {
            return dialog->findChildren<QPushButton*>(QStringLiteral("repairButton"));
        };
        QTRY_VERIFY_WITH_TIMEOUT(textOf(dialog, "outcome").contains(QStringLiteral("not whole")),
                                 kPatienceMs);
        QCOMPARE(repairs().size(), 2); // the size and the hash of the same file
        QCOMPARE(repairs().front()->text(), QStringLiteral("Record anew"));
        QVERIFY(repairs().front()->accessibleName().contains(QStringLiteral("files")));
        QTest::mouseClick(repairs().front(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(textOf(dialog, "outcome").contains(QStringLiteral("is whole, every byte")),
                                 kPatienceMs);
        QVERIFY(repairs().empty());
    }

    void weightsThatAreCutAreReplacedWhenWhatIsImportedIsWhole() {
        Place place(true);
        const fs::path weights = place.ground.installed() / "model.safetensors";
        cutInHalf(weights);
        const auto cut = fs::file_size(weights);
        QTRY_COMPARE(place.pane->chosenName(), kName);
        QDialog* dialog = place.openVerify();
        QTRY_VERIFY_WITH_TIMEOUT(in<QPushButton>(dialog, "repairButton") != nullptr, kPatienceMs);
        QCOMPARE(in<QPushButton>(dialog, "repairButton")->text(), QStringLiteral("Import again…"));
        QTRY_VERIFY(place.manager->find(kName)->state == jobs::ModelState::Damaged);
        click(dialog, "repairButton");
        QDialog* import = place.dialog("importDialog");
        auto* version = in<QLineEdit>(import, "versionEdit");
        QCOMPARE(version->text(), QStringLiteral("135m-instruct"));
        QVERIFY(!version->isEnabled());
        QCOMPARE(fs::file_size(weights), cut); // nothing is lost before the new one is there
        in<QLineEdit>(import, "pathEdit")->setText(pathToQt(place.ground.source()));
        auto* start = in<QPushButton>(import, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatienceMs);
        QVERIFY2(textOf(import, "nameNote").contains(QStringLiteral("damaged. It stays until")),
                 qPrintable(textOf(import, "nameNote")));
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(kName)->isUsable(), kPatienceMs);
        QVERIFY(fs::file_size(weights) > cut);
        QTRY_VERIFY(place.find<MessageBar>("messageBar")->text().contains(QStringLiteral("in the place of")));
    }

    void whatAFailedCheckFoundIsReadInFullAndCopied() {
        Place place(true);
        cutInHalf(place.ground.installed() / "model.safetensors");
        QTRY_COMPARE(place.pane->chosenName(), kName);
        QDialog* dialog = place.openVerify();
        auto* finding = in<QLabel>(dialog, "finding");
        QTRY_VERIFY_WITH_TIMEOUT(finding->text().startsWith(QStringLiteral("files: model.safetensors")),
                                 kPatienceMs);
        QVERIFY(finding->text().contains(QStringLiteral("bytes, expected")));
        QVERIFY(finding->wordWrap() && (finding->textInteractionFlags() & Qt::TextSelectableByKeyboard));
        auto* table = in<QTreeView>(dialog, "checkTable");
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            table->setCurrentIndex(table->model()->index(row, 0));
            QVERIFY(finding->text().contains(table->model()->index(row, 2).data().toString()));
            QVERIFY2(!finding->text().contains(QStringLiteral(" --")), qPrintable(finding->text()));
            QCOMPARE(table->model()->index(row, 2).data(Qt::ToolTipRole).toString(), finding->text());
        }
    }

    void aFolderThatWasCopiedByHandIsImportedFromWhereItLies() {
        Place place;
        const fs::path folder = place.ground.root() / "data/models/local/by-hand";
        writeTinyModel(folder);
        place.manager->refresh();
        const QString name = QStringLiteral("local/by-hand");
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(name), kPatienceMs);
        place.pane->choose(name);
        QTRY_COMPARE(textOf(&*place.pane, "modelState"), QStringLiteral("not in the library"));
        QVERIFY(!place.find<QPushButton>("removeButton")->isVisible());
        click(&*place.pane, "detailsImportButton");
        QDialog* dialog = place.dialog("importDialog");
        QCOMPARE(in<QLineEdit>(dialog, "pathEdit")->text(), pathToQt(folder));
        auto* start = in<QPushButton>(dialog, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatienceMs);
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(name)->isUsable(), kPatienceMs);
    }

    void anAdapterIsImportedUnderANameOfOneWord() {
        Place place(true);
        const auto run = trainRun(place.ground, {"first", 2e-4, 0});
        const fs::path elsewhere = place.ground.folder() / "from-elsewhere";
        fs::copy(place.ground.root() / "data/models/finetuned" / run.adapterName, elsewhere);
        fs::remove(elsewhere / "llamahome.json");
        place.take(elsewhere);
        QDialog* dialog = place.dialog("importDialog");
        auto* version = in<QLineEdit>(dialog, "versionEdit");
        QTRY_COMPARE_WITH_TIMEOUT(version->text(), QStringLiteral("from-elsewhere"), kPatienceMs);
        QVERIFY(textOf(dialog, "sourceNote").startsWith(QStringLiteral("LoRA adapter")));
        auto* family = in<QComboBox>(dialog, "familyBox");
        QCOMPARE(family->currentText(), QStringLiteral("finetuned"));
        QVERIFY(!family->isEnabled());
        version->selectAll();
        QTest::keyClicks(version, QStringLiteral("mine"));
        QVERIFY(textOf(dialog, "nameNote").contains(QStringLiteral("Kept as mine.")));
        QSignalSpy chat(&*place.pane, &ModelsPane::chatRequested);
        click(dialog, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->findAdapter(QStringLiteral("mine")), kPatienceMs);
        QTRY_COMPARE(place.pane->chosenName(), QStringLiteral("mine"));
        QTRY_COMPARE_WITH_TIMEOUT(textOf(&*place.pane, "base"), kName, kPatienceMs);
        click(&*place.pane, "chatButton");
        QCOMPARE(chat.front(), (QList<QVariant>{QString(), QStringLiteral("mine")}));
    }

    void anotherModelOfTheNameIsReplacedOnlyByTheButtonThatSaysSo() {
        Place place(true);
        writeTinyModel(place.ground.folder() / "other", tinyConfig(), 7);
        const std::string before = contentOf(place.ground.installed() / "llamahome.json");
        place.take(place.ground.folder() / "other");
        QDialog* dialog = place.dialog("importDialog");
        QTRY_VERIFY_WITH_TIMEOUT(in<QPushButton>(dialog, "startImportButton")->isEnabled(), kPatienceMs);
        in<QComboBox>(dialog, "familyBox")->setCurrentText(QStringLiteral("smollm2"));
        in<QLineEdit>(dialog, "versionEdit")->selectAll();
        QTest::keyClicks(in<QLineEdit>(dialog, "versionEdit"), QStringLiteral("135m-instruct"));
        click(dialog, "startImportButton");
        auto* bar = in<MessageBar>(dialog, "messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), kPatienceMs);
        QVERIFY2(!bar->text().contains(QStringLiteral("--")), qPrintable(bar->text()));
        QCOMPARE(contentOf(place.ground.installed() / "llamahome.json"), before);
        QPushButton* replace = nullptr;
        for (auto* button : bar->findChildren<QPushButton*>())
            if (button->text() == QStringLiteral("Replace it")) replace = button;
        QVERIFY(replace != nullptr);
        QTest::mouseClick(replace, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(contentOf(place.ground.installed() / "llamahome.json") != before,
                                 kPatienceMs);
    }

    void aNameOfTheCatalogueWithAnotherShapeIsToldBeforeTheImport() {
        Place place;
        place.pane->choose(QStringLiteral("llama/3.2-1b"));
        click(place.find<ModelDetails>("modelDetails"), "detailsImportButton");
        QDialog* dialog = place.dialog("importDialog");
        in<QLineEdit>(dialog, "pathEdit")->setText(pathToQt(place.ground.source()));
        QTRY_VERIFY_WITH_TIMEOUT(in<QPushButton>(dialog, "startImportButton")->isEnabled(), kPatienceMs);
        QVERIFY2(textOf(dialog, "nameNote").contains(QStringLiteral("Its shape is not that of llama/3.2-1b")),
                 qPrintable(textOf(dialog, "nameNote")));
    }
};

QTEST_MAIN(TestModelImport)
#include "test_model_import.moc"
