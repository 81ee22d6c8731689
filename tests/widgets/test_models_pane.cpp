#include <fstream>

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLayout>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTreeView>
#include <QTreeWidget>

#include "models_place.h"
#include "support/trained_run.h"
#include "support/training_ground.h"
#include "widgets/message_bar.h"
#include "widgets/model_details.h"
#include "widgets/models_pane.h"
#include "widgets/window_memory.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::pathToQt;
namespace fs = std::filesystem;
using Place = ModelsPlace;

class TestModelsPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theHeadingOfTheChosenModelIsInSight() {
        Place place(true);
        auto* list = place.find<QTreeView>("modelList");
        QTRY_COMPARE(place.pane->chosenName(), kName);
        place.pane->hide();
        place.pane->resize(800, 200);
        place.pane->choose(kName);
        place.pane->resize(1024, 640);
        place.pane->show();
        const QModelIndex heading = list->currentIndex().parent();
        QTRY_VERIFY(list->visualRect(heading).top() >= 0 && list->visualRect(heading).isValid());
    }

    void theFoldersTellTheirRoomAndADriveThatIsAway() {
        const TemporaryFolder drives;
        const fs::path drive = drives / "drive";
        ManagerGround other;
        other.install();
        fs::create_directories(drive);
        fs::copy(other.installed().parent_path(), drive / "smollm2", fs::copy_options::recursive);
        Place place(jobs::DataRoot{drives / "root", {drive, drives / "never there"}});
        const auto lines = [&] {
            QStringList texts;
            for (const QLabel* label : place.find<QWidget>("placeList")->findChildren<QLabel*>())
                texts << label->text();
            return texts;
        };
        QTRY_COMPARE_WITH_TIMEOUT(lines().size(), qsizetype{3}, kPatienceMs);
        QVERIFY2(lines()[0].startsWith(QStringLiteral("Data folder: ")), qPrintable(lines()[0]));
        QVERIFY2(lines()[1].startsWith(pathToQt(drive)) && lines()[1].endsWith(QStringLiteral(" free")),
                 qPrintable(lines()[1]));
        QCOMPARE(lines()[2],
                 pathToQt(drives / "never there") + QStringLiteral(": not there; connect its drive"));
        fs::rename(drive, drives / "elsewhere");
        place.manager->refresh();
        QTRY_COMPARE_WITH_TIMEOUT(lines()[1],
                                  pathToQt(drive) +
                                      QStringLiteral(": not there, 1 model is offline; connect its drive"),
                                  kPatienceMs);
        fs::rename(drives / "elsewhere", drive);
        place.manager->refresh();
        QTRY_VERIFY_WITH_TIMEOUT(lines()[1].endsWith(QStringLiteral(" free")), kPatienceMs);
    }

    void aModelIsExportedFromItsMenu() {
        Place place(true);
        place.pane->choose(kName);
        auto* menu = place.find<QMenu>("modelMenu");
        QAction* wanted = nullptr;
        for (QAction* action : menu->actions())
            if (action->text().contains(QStringLiteral("xport"))) wanted = action;
        QVERIFY(wanted != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(wanted->isVisible(), kPatienceMs);
        wanted->trigger();
        auto* dialog = place.dialog("exportDialog");
        const TemporaryFolder folder;
        const fs::path target = folder / "mein Modell.gguf";
        dialog->findChild<QComboBox*>(QStringLiteral("typeBox"))->setCurrentText(QStringLiteral("BF16"));
        dialog->findChild<QLineEdit*>(QStringLiteral("targetEdit"))->setText(pathToQt(target));
        auto* start = dialog->findChild<QPushButton*>(QStringLiteral("startExportButton"));
        auto* size = dialog->findChild<QLabel*>(QStringLiteral("sizeNote"));
        QTRY_VERIFY_WITH_TIMEOUT(size->text().contains(QStringLiteral("Will take")) && start->isEnabled(),
                                 kPatienceMs);
        QTest::mouseClick(start, Qt::LeftButton);
        auto* messages = place.find<MessageBar>("messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(messages->text().contains(pathToQt(target)), kPatienceMs);
        QVERIFY(messages->text().contains(QStringLiteral("<|im_end|>")));
        QTRY_VERIFY(place.find<QDialog>("exportDialog") == nullptr);
        QVERIFY(fs::file_size(target) > 1000);
    }

    void anExportToAPlaceThatIsTakenIsToldInItsDialogWhichStays() {
        Place place(true);
        const TemporaryFolder folder;
        place.pane->choose(kName);
        for (QAction* action : place.find<QMenu>("modelMenu")->actions())
            if (action->text().contains(QStringLiteral("xport"))) action->trigger();
        auto* dialog = place.dialog("exportDialog");
        auto* target = in<QLineEdit>(dialog, "targetEdit");
        auto* start = in<QPushButton>(dialog, "startExportButton");
        auto* bar = in<MessageBar>(dialog, "messageBar");
        std::ofstream(folder / "taken.gguf") << "mine";
        target->setText(pathToQt(folder / "taken.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), kPatienceMs);
        QVERIFY(bar->text().contains(QStringLiteral("is there already")));
        QVERIFY(!start->isEnabled());
        target->setText(pathToQt(folder / "free.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatienceMs);
        QVERIFY(!bar->isVisible());
        std::ofstream(folder / "free.gguf") << "taken since";
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), kPatienceMs);
        QVERIFY(dialog->isVisible());
        QCOMPARE(place.context->jobs.jobs().size(), std::size_t{0});
        QCOMPARE(contentOf(folder / "free.gguf"), std::string("taken since"));
    }

    void aPlaceThatIsTakenIsToldAndStays() {
        Place place(true);
        const TemporaryFolder folder;
        const fs::path target = folder / "taken.gguf";
        std::ofstream(target) << "mine";
        QSignalSpy exported(&*place.exports, &managers::ExportManager::exported);
        managers::ExportWish wish;
        wish.name = kName;
        wish.format = jobs::ExportFormat::Gguf;
        wish.type = QStringLiteral("Q8_0");
        wish.target = pathToQt(target);
        QVERIFY(place.exports->command(wish).contains(
            QStringLiteral(" export smollm2/135m-instruct --format gguf --type q8_0 ")));
        QVERIFY(place.exports->start(wish) != nullptr);
        auto* messages = place.pane->findChild<MessageBar*>();
        QTRY_VERIFY_WITH_TIMEOUT(messages->text().contains(QStringLiteral("is there already")), kPatienceMs);
        QCOMPARE(exported.size(), 0);
        QCOMPARE(static_cast<int>(fs::file_size(target)), 4);
    }

    void withoutAModelThePageSaysWhatToDoFirst() {
        Place place;
        QTRY_COMPARE(textOf(&*place.pane, "modelTitle"), QStringLiteral("No model is ready yet"));
        QVERIFY(place.find<QPushButton>("detailsImportButton")->isVisible());
        click(&*place.pane, "detailsImportButton");
        QVERIFY(place.dialog("importDialog"));
    }

    void aFolderIsImportedUnderTheNameThatIsTyped() {
        Place place;
        place.take(place.ground.source());
        QDialog* dialog = place.dialog("importDialog");
        QVERIFY(dialog);
        auto* version = in<QLineEdit>(dialog, "versionEdit");
        QTRY_COMPARE_WITH_TIMEOUT(version->text(), QStringLiteral("tiny"), kPatienceMs);
        QVERIFY(textOf(dialog, "nameNote").contains(QStringLiteral("local/tiny")));
        QVERIFY(textOf(dialog, "linkNote").startsWith(QStringLiteral("No second copy")));
        version->selectAll();
        QTest::keyClicks(version, QStringLiteral("../x"));
        QVERIFY(!in<QPushButton>(dialog, "startImportButton")->isEnabled());
        QVERIFY(textOf(dialog, "nameNote").contains(QStringLiteral("plain name")));
        version->selectAll();
        QTest::keyClicks(version, QStringLiteral("mine"));
        QSignalSpy chat(&*place.pane, &ModelsPane::chatRequested);
        click(dialog, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(QStringLiteral("local/mine")), kPatienceMs);
        QTRY_COMPARE(place.pane->chosenName(), QStringLiteral("local/mine"));
        QTRY_VERIFY(place.find<MessageBar>("messageBar")->text().contains(QStringLiteral("is ready")));
        QCOMPARE(textOf(&*place.pane, "modelState"), QStringLiteral("ready"));
        QVERIFY(place.find<QPushButton>("trainButton")->isVisible());
        click(&*place.pane, "chatButton");
        QCOMPARE(chat.front().at(0).toString(), QStringLiteral("local/mine"));
    }

    void aCutFileIsRefusedInTheDialogAndNothingStays() {
        Place place;
        const fs::path cut = place.ground.folder() / "cut.gguf";
        fs::copy_file(fs::path(LLAMAHOME_TEST_DATA) / "formats/tiny.gguf", cut);
        cutInHalf(cut);
        place.take(cut);
        QDialog* dialog = place.dialog("importDialog");
        auto* import = in<QPushButton>(dialog, "startImportButton");
        auto* bar = in<MessageBar>(dialog, "messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(import->isEnabled() || bar->isVisible(), kPatienceMs);
        if (import->isEnabled()) QTest::mouseClick(import, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), kPatienceMs);
        QVERIFY(bar->text().contains(QStringLiteral("cut.gguf")));
        QVERIFY(!fs::exists(place.ground.root() / "data/models/local/cut"));
    }

    void theSizeOfWhatIsConvertedIsAnEstimate() {
        Place place;
        place.take(fs::path(LLAMAHOME_TEST_DATA) / "formats/tiny.gguf");
        QDialog* dialog = place.dialog("importDialog");
        QTRY_VERIFY_WITH_TIMEOUT(textOf(dialog, "sourceNote").contains(QStringLiteral("to about ")),
                                 kPatienceMs);
    }

    void severalDroppedModelsAreAskedForOneAfterTheOther() {
        Place place;
        writeTinyModel(place.ground.folder() / "second");
        place.pane->importPath(pathToQt(place.ground.source()));
        place.pane->importPath(pathToQt(place.ground.folder() / "second"));
        QDialog* first = place.dialog("importDialog");
        QTRY_COMPARE_WITH_TIMEOUT(in<QLineEdit>(first, "versionEdit")->text(), QStringLiteral("tiny"),
                                  kPatienceMs);
        click(first, "cancelButton");
        QTRY_VERIFY_WITH_TIMEOUT(place.find<QLineEdit>("versionEdit") != nullptr &&
                                     place.find<QLineEdit>("versionEdit")->text() == QStringLiteral("second"),
                                 kPatienceMs);
    }

    void anAdapterTellsItsBaseItsRunAndItsStep() {
        Place place(true);
        const auto run = trainRun(place.ground, {"first", 2e-4, 0});
        place.manager->refresh();
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->adapters().size(), std::size_t(1), kPatienceMs);
        place.pane->choose(managers::toQt(run.adapterName));
        QTRY_VERIFY_WITH_TIMEOUT(place.find<QLabel>("base")->isVisible(), kPatienceMs);
        QCOMPARE(textOf(&*place.pane, "base"), kName);
        QVERIFY(textOf(&*place.pane, "run").contains(QStringLiteral("first")));
        QVERIFY(textOf(&*place.pane, "trained").startsWith(QStringLiteral("step ")));
        QVERIFY(textOf(&*place.pane, "trained").contains(QStringLiteral("loss")));
        place.pane->choose(kName);
        QTRY_VERIFY_WITH_TIMEOUT(!place.find<QLabel>("base")->isVisible(), kPatienceMs);
    }

    void aCutModelShowsWhatIsWrongAndTheNextStep() {
        Place place(true);
        cutInHalf(place.ground.installed() / "model.safetensors");
        QTRY_COMPARE(place.pane->chosenName(), kName);
        QDialog* dialog = place.openVerify();
        QTRY_VERIFY_WITH_TIMEOUT(textOf(dialog, "outcome").contains(QStringLiteral("not whole")),
                                 kPatienceMs);
        QTRY_VERIFY(textOf(&*place.pane, "modelAdvice").contains(QStringLiteral("model.safetensors")));
        QTRY_VERIFY_WITH_TIMEOUT(!place.find<QPushButton>("trainButton")->isVisible(), kPatienceMs);
        QTRY_VERIFY(place.find<QPushButton>("removeButton")->isVisible());
    }

    void removalNamesItsFilesAndBytesAndWhatStays() {
        Place place(true);
        std::ofstream(place.ground.installed() / "my notes.txt") << "keep me";
        QTRY_COMPARE(place.pane->chosenName(), kName);
        place.find<QTreeView>("modelList")->setFocus();
        QTest::keyClick(place.find<QTreeView>("modelList"), Qt::Key_Delete);
        QDialog* dialog = place.dialog("removeDialog");
        auto* button = in<QPushButton>(dialog, "deleteButton");
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), kPatienceMs);
        QVERIFY(button->text().contains(QStringLiteral("kB")));
        QVERIFY(in<QTreeWidget>(dialog, "fileTable")->topLevelItemCount() >= 7);
        QVERIFY(textOf(dialog, "foreignNote").contains(QStringLiteral("my notes.txt")));
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(place.ground.installed() / "model.safetensors"), kPatienceMs);
        QVERIFY(fs::exists(place.ground.installed() / "my notes.txt"));
        QTRY_VERIFY_WITH_TIMEOUT(
            place.find<MessageBar>("messageBar")->text().contains(QStringLiteral("freed")), kPatienceMs);
    }

    void aModelWithoutItsListOfFilesIsRemovedByTheirNames() {
        Place place(true);
        std::ofstream(place.ground.installed() / "llamahome.json") << "{}";
        std::ofstream(place.ground.installed() / "my notes.txt") << "keep me";
        place.manager->refresh();
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->find(kName)->state, jobs::ModelState::Damaged, kPatienceMs);
        place.pane->choose(kName);
        QTRY_VERIFY(place.find<QPushButton>("removeButton")->isVisible());
        click(&*place.pane, "removeButton");
        QDialog* dialog = place.dialog("removeDialog");
        auto* button = in<QPushButton>(dialog, "deleteButton");
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), kPatienceMs);
        QVERIFY(textOf(dialog, "intro").contains(QStringLiteral("have the names of such files")));
        click(dialog, "copyCommandButton");
        QVERIFY(QApplication::clipboard()->text().endsWith(QStringLiteral(" --force")));
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(place.ground.installed() / "model.safetensors"), kPatienceMs);
        QVERIFY(fs::exists(place.ground.installed() / "my notes.txt"));
    }

    void removalNamesTheAdaptersThatNeedTheModel() {
        Place place(true);
        const QString adapter = managers::toQt(trainRun(place.ground, {"first", 2e-4, 0}).adapterName);
        place.manager->refresh();
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->adapters().size(), std::size_t(1), kPatienceMs);
        place.pane->choose(kName);
        place.find<QTreeView>("modelList")->setFocus();
        QTest::keyClick(place.find<QTreeView>("modelList"), Qt::Key_Delete);
        QDialog* dialog = place.dialog("removeDialog");
        QTRY_VERIFY_WITH_TIMEOUT(in<QPushButton>(dialog, "deleteButton")->isEnabled(), kPatienceMs);
        QVERIFY(in<QLabel>(dialog, "dependentsNote")->isVisible());
        QVERIFY(textOf(dialog, "dependentsNote").contains(adapter));
    }

    void aModelOfTheListIsImportedUnderItsName() {
        Place place;
        place.pane->choose(kName);
        click(place.find<ModelDetails>("modelDetails"), "detailsImportButton");
        QDialog* dialog = place.dialog("importDialog");
        auto* family = in<QComboBox>(dialog, "familyBox");
        auto* version = in<QLineEdit>(dialog, "versionEdit");
        QCOMPARE(family->currentText() + u'/' + version->text(), kName);
        in<QLineEdit>(dialog, "pathEdit")->setText(QStringLiteral(LLAMAHOME_TEST_DATA "/formats/tiny.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(in<QPushButton>(dialog, "startImportButton")->isEnabled(), kPatienceMs);
        QCOMPARE(family->currentText() + u'/' + version->text(), kName);
    }

    void anErrorMakesTheImportDialogGrow() {
        Place place;
        place.take(place.ground.folder() / "nothing-there.gguf");
        QDialog* dialog = place.dialog("importDialog");
        auto* path = in<QLineEdit>(dialog, "pathEdit");
        QTRY_VERIFY_WITH_TIMEOUT(in<MessageBar>(dialog, "messageBar")->isVisible(), kPatienceMs);
        QTRY_VERIFY(dialog->height() >= dialog->layout()->totalHeightForWidth(dialog->width()));
        QVERIFY(path->height() >= path->sizeHint().height());
    }

    void aModelThatIsInUseIsNotRemovedAndWhatUsesItIsNamed() {
        Place place(true);
        QTRY_COMPARE(place.pane->chosenName(), kName);
        managers::Job& run =
            place.context->jobs.start(managers::JobKind::Train, QStringLiteral("Training on recipes.jsonl"));
        run.setFolders({place.ground.installed()});
        place.find<QTreeView>("modelList")->setFocus();
        QTest::keyClick(place.find<QTreeView>("modelList"), Qt::Key_Delete);
        QDialog* dialog = place.dialog("removeDialog");
        auto* bar = in<MessageBar>(dialog, "messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(bar->isVisible(), kPatienceMs);
        QVERIFY(bar->text().contains(QStringLiteral("Training on recipes.jsonl")));
        QVERIFY(bar->text().contains(QStringLiteral("stop")));
        QVERIFY(!in<QPushButton>(dialog, "deleteButton")->isEnabled());
        run.finish({});
    }

    void adaptersStandInAGroupOfTheirOwnWithChatAndRemoval() {
        TrainingGround training;
        const auto trained = training.train(training.plan());
        QVERIFY2(trained, said(trained).c_str());
        Place place(training.root);
        QCOMPARE(place.manager->adapters().size(), std::size_t(1));
        const QString name = managers::toQt(place.manager->adapters().front().name);
        place.pane->choose(name);
        QCOMPARE(place.pane->chosenName(), name);
        QVERIFY(!place.find<QPushButton>("trainButton")->isVisible());
        QVERIFY(place.find<QPushButton>("removeButton")->isVisible());
        QSignalSpy chat(&*place.pane, &ModelsPane::chatRequested);
        click(&*place.pane, "chatButton");
        QCOMPARE(chat.front(), (QList<QVariant>{QString(), name}));
        click(&*place.pane, "removeButton");
        auto* button = in<QPushButton>(place.dialog("removeDialog"), "deleteButton");
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), kPatienceMs);
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->adapters().empty(), kPatienceMs);
    }

    void anInstalledModelThatDoesNotFitCannotBeStarted() {
        ManagerGround ground;
        ground.install();
        managers::Workspace workspace = ground.workspace();
        workspace.options = {{"model.memory.limit_mib", "2"}, {"model.memory.reserve_mib", "0"}};
        Place place(workspace);
        QTRY_COMPARE(place.pane->chosenName(), kName);
        QVERIFY(textOf(&*place.pane, "toTrain").contains(QStringLiteral("short")));
        for (const char* button : {"trainButton", "chatButton"})
            QVERIFY2(!place.find<QPushButton>(button)->isVisible() ||
                         !place.find<QPushButton>(button)->isEnabled(),
                     button);
    }

    void aKnownModelThatDoesNotFitOffersNoStart() {
        Place place;
        place.pane->choose(QStringLiteral("llama/3.1-405b"));
        QCOMPARE(place.pane->chosenName(), QStringLiteral("llama/3.1-405b"));
        QVERIFY(textOf(&*place.pane, "toTrain").contains(QStringLiteral("short")));
        QVERIFY(textOf(&*place.pane, "licence").contains(QStringLiteral("accepted on the Hub")));
        QVERIFY(!place.find<QPushButton>("trainButton")->isVisible());
        QVERIFY(!place.find<QPushButton>("chatButton")->isVisible());
    }

    void aSearchWithoutAFindSaysSo() {
        Place place;
        place.pane->focusSearch();
        QTest::keyClicks(place.find<QLineEdit>("modelSearch"), QStringLiteral("nobody"));
        QVERIFY(place.find<QLabel>("nothingFound")->isVisible());
        QVERIFY(textOf(&*place.pane, "nothingFound").contains(QStringLiteral("nobody")));
        place.find<QLineEdit>("modelSearch")->clear();
        QVERIFY(place.find<QTreeView>("modelList")->isVisible());
    }

    void importAndRemovalGoByKeyboardAlone() {
        Place place;
        auto* import = place.find<QPushButton>("importButton");
        import->setFocus(Qt::TabFocusReason);
        QTest::keyClick(import, Qt::Key_Space);
        QDialog* dialog = place.dialog("importDialog");
        QTRY_COMPARE(dialog->focusWidget(), static_cast<QWidget*>(in<QLineEdit>(dialog, "pathEdit")));
        QTest::keyClicks(dialog->focusWidget(), pathToQt(place.ground.source()));
        auto* start = in<QPushButton>(dialog, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatienceMs);
        QTest::keyClick(dialog->focusWidget(), Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(place.pane->chosenName(), QStringLiteral("local/tiny"), kPatienceMs);

        QTRY_VERIFY_WITH_TIMEOUT(place.find<QDialog>("importDialog") == nullptr, kPatienceMs);
        QApplication::setActiveWindow(&*place.pane); // as a window manager does
        auto* list = place.find<QTreeView>("modelList");
        for (int tab = 0; tab < 10 && !list->hasFocus(); ++tab)
            QTest::keyClick(place.pane->focusWidget(), Qt::Key_Tab);
        QVERIFY(list->hasFocus());
        QTest::keyClick(list, Qt::Key_Delete);
        dialog = place.dialog("removeDialog");
        auto* button = in<QPushButton>(dialog, "deleteButton");
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), kPatienceMs);
        for (int tab = 0; tab < 10 && !button->hasFocus(); ++tab)
            QTest::keyClick(dialog->focusWidget(), Qt::Key_Tab);
        QVERIFY(button->hasFocus());
        QTest::keyClick(button, Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(!place.manager->find(QStringLiteral("local/tiny")), kPatienceMs);
        QVERIFY(!fs::exists(place.ground.root() / "data/models/local/tiny"));
    }

    void everythingThatTakesTheFocusHasAName() {
        Place place(true);
        place.pane->importModel();
        place.dialog("importDialog");
        for (QWidget* widget : place.pane->findChildren<QWidget*>()) {
            if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(accessible != nullptr && !accessible->text(QAccessible::Name).isEmpty(),
                     qPrintable(widget->objectName() + u' ' +
                                QString::fromLatin1(widget->metaObject()->className())));
        }
    }
};

QTEST_MAIN(TestModelsPane)
#include "test_models_pane.moc"
