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

#include "managers/text.h"
#include "support/manager_ground.h"
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

namespace {

const QString kName = QStringLiteral("smollm2/135m-instruct");

/// The page in a window of its own, over a temporary root.
struct Place {
    explicit Place(bool isInstalled = false) {
        if (isInstalled) ground.install();
        open(ground.workspace());
    }
    explicit Place(const jobs::DataRoot& root) {
        managers::Workspace workspace = ground.workspace();
        workspace.root = root;
        open(workspace);
    }
    explicit Place(const managers::Workspace& workspace) { open(workspace); }
    void open(const managers::Workspace& workspace) {
        context.emplace(workspace);
        manager.emplace(*context);
        exports.emplace(*context, *manager);
        pane.emplace(*manager, *exports, context->jobs, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(&*pane);
        if (!QTest::qWaitForWindowActive(&*pane)) qFatal("no window");
        if (!QTest::qWaitFor([this] { return manager->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~Place() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    template <typename Widget>
    Widget* find(const char* name) {
        return pane->findChild<Widget*>(QString::fromLatin1(name));
    }
    void take(const fs::path& path) { pane->importPath(pathToQt(path)); }
    /// The dialog of that name once it is there.
    QDialog* dialog(const char* name) {
        QDialog* found = nullptr;
        const auto isShown = [&] {
            found = find<QDialog>(name);
            return found != nullptr && found->isVisible();
        };
        if (!QTest::qWaitFor(isShown, kPatienceMs)) qFatal("no %s", name);
        return found;
    }

    /// Asks the chosen model's menu to verify it.
    QDialog* openVerify() {
        find<ModelDetails>("modelDetails")->menu()->actions().at(0)->trigger();
        return dialog("verifyDialog");
    }

    ManagerGround ground;
    WindowMemory memory{{}};
    std::optional<managers::ManagerContext> context;
    std::optional<managers::ModelManager> manager;
    std::optional<managers::ExportManager> exports;
    std::optional<ModelsPane> pane;
};

template <typename Widget>
Widget* in(QWidget* parent, const char* name) {
    return parent->findChild<Widget*>(QString::fromLatin1(name));
}

QString textOf(QWidget* parent, const char* name) {
    return in<QLabel>(parent, name)->text();
}

void click(QWidget* parent, const char* name) {
    QTest::mouseClick(in<QPushButton>(parent, name), Qt::LeftButton);
}

/// Past the file layer, which watches this thread.
std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void cutInHalf(const fs::path& path) {
    fs::resize_file(path, fs::file_size(path) / 2);
}

} // namespace

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
        click(dialog, "repairButton");
        QDialog* import = place.dialog("importDialog");
        auto* version = in<QLineEdit>(import, "versionEdit");
        QCOMPARE(version->text(), QStringLiteral("135m-instruct"));
        QVERIFY(!version->isEnabled());
        QCOMPARE(fs::file_size(weights), cut); // nothing is lost before the new one is there
        in<QLineEdit>(import, "pathEdit")->setText(pathToQt(place.ground.source()));
        auto* start = in<QPushButton>(import, "startImportButton");
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatienceMs);
        QVERIFY(textOf(import, "nameNote").contains(QStringLiteral("damaged. It stays until")));
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
