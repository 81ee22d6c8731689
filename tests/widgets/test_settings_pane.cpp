#include <QAccessible>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include "managers/cuda_manager.h"
#include "managers/text.h"
#include "managers/token_manager.h"
#include "support/fake_keychain.h"
#include "support/hub_server.h"
#include "support/run_ground.h"
#include "support/wheel_index.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/setting_editor.h"
#include "widgets/settings_fold.h"
#include "widgets/settings_pane.h"
#include "widgets/window_memory.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::pathToQt;
using managers::toQt;
namespace fs = std::filesystem;

namespace {

const QString kRank = QStringLiteral("training.lora.r");

struct Place {
    explicit Place(const std::string& trainingConfig = {}, std::string foundDriver = {},
                   const std::string& index = {})
        : driver(std::move(foundDriver)) {
        if (!trainingConfig.empty()) write("training_config.yaml", trainingConfig);
        managers::Workspace workspace = ground.workspace();
        if (!index.empty()) workspace.environment["PIP_INDEX_URL"] = index;
        context.emplace(std::move(workspace));
        manager.emplace(*context);
        cuda.emplace(*context, *manager,
                     managers::CudaManager::Place{component, [this] { return machineWithDriver(driver); }});
        tokens.emplace(
            *context, *manager, [this](const config::HubSettings&, const config::Environment& environment) {
                return jobs::HubTokens(environment, hub.endpoint(), std::make_unique<FakeKeychain>(kept));
            });
        pane.emplace(*manager, *cuda, *tokens, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(&*pane);
        if (!QTest::qWaitForWindowActive(&*pane)) qFatal("no window");
        if (!QTest::qWaitFor([this] { return manager->isRead(); }, kPatienceMs)) qFatal("nothing was read");
    }
    ~Place() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    void write(const std::string& name, const std::string& text) {
        fs::create_directories(ground.config());
        if (!writeFileAtomically(systemFiles(), ground.config() / name, text)) qFatal("not written");
    }
    QString content(const std::string& name) {
        const MayBlock here;
        const auto text = readFile(ground.config() / name);
        return text ? toQt(*text) : QString();
    }
    template <typename Widget>
    Widget* find(const char* name) {
        return pane->findChild<Widget*>(QString::fromLatin1(name));
    }
    /// The field that has the keyboard of the chosen setting.
    QWidget* field() {
        QWidget* widget = pane->findChild<SettingEditor*>();
        while (widget->focusProxy() != nullptr)
            widget = widget->focusProxy();
        return widget;
    }

    HubServer hub;
    KeptSecrets kept;
    std::string driver;
    jobs::CudaComponent component = smallComponent();
    ManagerGround ground;
    WindowMemory memory{{}};
    std::optional<managers::ManagerContext> context;
    std::optional<managers::SettingsManager> manager;
    std::optional<managers::CudaManager> cuda;
    std::optional<managers::TokenManager> tokens;
    std::optional<SettingsPane> pane;
};

void type(QWidget* field, const char* text) {
    field->setFocus();
    QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(field, QString::fromLatin1(text));
    QTest::keyClick(field, Qt::Key_Return);
}

config::Settings shippedSettings() {
    config::SettingsSources sources;
    sources.shippedFolder = fs::path(LLAMAHOME_SOURCE_DIR) / ".config";
    return config::checkSettings(sources).resolved.values;
}

} // namespace

class TestSettingsPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aChangedValueLandsInTheUsersFileAndCommentsStay() {
        Place place("# mine\ntraining:\n  seed: 7 # lucky\n");
        place.pane->choose(kRank);
        QCOMPARE(place.find<QLabel>("settingTitle")->text(), QStringLiteral("LoRA rank"));
        QVERIFY(!place.find<QPushButton>("resetButton")->isEnabled());
        type(place.field(), "32");
        QTRY_COMPARE_WITH_TIMEOUT(
            place.content("training_config.yaml"),
            QStringLiteral("# mine\ntraining:\n  lora:\n    r: 32\n  seed: 7 # lucky\n"), kPatienceMs);
        QTRY_VERIFY(
            place.find<QLabel>("settingPlace")->text().contains(QStringLiteral("training_config.yaml:4")));
        QTRY_VERIFY(place.find<QPushButton>("resetButton")->isEnabled());
        QTest::mouseClick(place.find<QPushButton>("resetButton"), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(place.content("training_config.yaml"),
                                  QStringLiteral("# mine\ntraining:\n  seed: 7 # lucky\n"), kPatienceMs);
        QTRY_VERIFY(!place.find<QPushButton>("resetButton")->isEnabled());
    }

    void aWrongValueIsRefusedInPlaceAndNotWritten() {
        Place place;
        place.pane->choose(kRank);
        type(place.field(), "5000");
        auto* editor = place.pane->findChild<SettingEditor*>();
        QVERIFY(!editor->isRight());
        auto* problem = editor->findChild<QLabel*>(QStringLiteral("problem"));
        QTRY_VERIFY(problem->isVisible());
        QVERIFY(problem->text().contains(QStringLiteral("from 1 to 1024")));
        type(place.field(), "16");
        QVERIFY(!problem->isVisible());
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->settings().training.lora.r, 16, kPatienceMs);
    }

    void aSearchFindsNamesOfOtherPrograms() {
        Place place;
        QTest::keyClicks(place.find<QLineEdit>("settingSearch"), QStringLiteral("cutoff_len"));
        QCOMPARE(place.find<QLabel>("settingKey")->text(), QStringLiteral("training.max_length"));
        QTest::keyClicks(place.find<QLineEdit>("settingSearch"), QStringLiteral("nothing"));
        QVERIFY(place.find<QLabel>("nothingFound")->isVisible());
        QVERIFY(!place.find<QTreeView>("settingList")->isVisible());
    }

    void onlyWhatIsChosenCanBeShown() {
        Place place("training: {seed: 7}\n");
        auto* list = place.find<QTreeView>("settingList");
        QVERIFY(list->model()->rowCount() > 5);
        QTest::mouseClick(place.find<QCheckBox>("chosenOnlyBox"), Qt::LeftButton);
        QTRY_COMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->model()->rowCount(list->model()->index(0, 0)), 1);
    }

    void aSearchAmongWhatIsChosenNamesWhatHidesTheRest() {
        Place place("training: {seed: 7}\n");
        QTest::mouseClick(place.find<QCheckBox>("chosenOnlyBox"), Qt::LeftButton);
        QTest::keyClicks(place.find<QLineEdit>("settingSearch"), QStringLiteral("temper"));
        auto* words = place.find<QLabel>("nothingFound");
        QTRY_VERIFY(words->isVisible());
        QVERIFY2(words->text().contains(QStringLiteral("Untick “Only what is not the default”")),
                 qPrintable(words->text()));
        QTest::keyClicks(place.find<QLineEdit>("settingSearch"), QStringLiteral("nothing"));
        QVERIFY(words->text().startsWith(QStringLiteral("No setting is called")));
    }

    void problemsStandAtTheTopWithFileAndLine() {
        Place place("training:\n  seed: 7\n  num_epoch: 3\n");
        auto* problems = place.find<QWidget>("problems");
        QTRY_VERIFY(problems->isVisible());
        const QString text = problems->findChild<QLabel*>()->text();
        QVERIFY2(text.contains(QStringLiteral("training_config.yaml:3")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("num_epochs")), qPrintable(text));
    }

    void aDamagedFileIsPutBackByAButton() {
        Place place("training: {seed: 7}\n");
        place.pane->choose(kRank);
        type(place.field(), "4");
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->settings().training.lora.r, 4, kPatienceMs);
        place.write("training_config.yaml", "training: {seed: 7");
        place.manager->refresh();
        QTRY_VERIFY_WITH_TIMEOUT(place.find<QPushButton>("restoreButton"), kPatienceMs);
        QTest::mouseClick(place.find<QPushButton>("restoreButton"), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(place.content("training_config.yaml"),
                                  QStringLiteral("training: {seed: 7}\n"), kPatienceMs);
        QTRY_VERIFY(!place.find<QWidget>("problems")->isVisible());
    }

    void theThemeIsAppliedAndRemembered() {
        Place place;
        auto* theme = place.find<QComboBox>("themeBox");
        theme->setFocus();
        QTest::keyClicks(theme, QStringLiteral("Dark"));
        QTRY_COMPARE(place.memory.value(QStringLiteral("look/theme")).toInt(),
                     static_cast<int>(look::Theme::Dark));
        QVERIFY(look::isDark());
        look::applyTheme(look::Theme::Light);
        QVERIFY(!look::isDark());
    }

    void theDataFolderTakesEffectAtTheNextStartAndSaysSo() {
        Place place;
        place.pane->choose(QStringLiteral("model.data_root"));
        QVERIFY(place.find<QLabel>("settingRestart")->isVisible());
        place.pane->choose(QStringLiteral("model.threads"));
        QVERIFY(!place.find<QLabel>("settingRestart")->isVisible());
    }

    void theSettingsFolderCanBeOpened() {
        Place place;
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "open");
        QTest::mouseClick(place.find<QPushButton>("openFolderButton"), Qt::LeftButton);
        QDesktopServices::unsetUrlHandler(QStringLiteral("file"));
        QCOMPARE(m_opened.toLocalFile(), pathToQt(place.ground.config()));
    }

    void everyFieldShowsItsValueAndGivesItBack_data() {
        QTest::addColumn<QString>("key");
        for (const config::SettingDescriptor& setting : config::allSettings())
            QTest::newRow(setting.key.c_str()) << toQt(setting.key);
    }
    void everyFieldShowsItsValueAndGivesItBack() {
        QFETCH(const QString, key);
        const config::SettingDescriptor& setting = *config::findSetting(managers::fromQt(key));
        const QString text = SettingEditor::textOf(setting, shippedSettings());
        SettingEditor editor(setting);
        QSignalSpy edited(&editor, &SettingEditor::edited);
        editor.setText(text);
        QCOMPARE(editor.text(), text);
        QVERIFY2(editor.isRight(), qPrintable(editor.problem()));
        QCOMPARE(edited.size(), 0);
        QWidget* field = &editor;
        while (field->focusProxy() != nullptr)
            field = field->focusProxy();
        QVERIFY(field != &editor);
        QVERIFY(!field->accessibleName().isEmpty());
    }

    void listsKeepItemsWithCommas() {
        SettingEditor editor(*config::findSetting("training.evaluation.prompts"));
        editor.setText(QStringLiteral("[\"Who, me?\", \"Yes: you\"]"));
        QCOMPARE(editor.findChild<QPlainTextEdit*>()->toPlainText(), QStringLiteral("Who, me?\nYes: you"));
        QVERIFY(editor.isRight());
        SettingEditor again(*config::findSetting("training.evaluation.prompts"));
        again.setText(editor.text());
        QCOMPARE(again.findChild<QPlainTextEdit*>()->toPlainText(), QStringLiteral("Who, me?\nYes: you"));
    }

    void autoIsTypedOrTicked() {
        SettingEditor editor(*config::findSetting("model.threads"));
        editor.setText(QStringLiteral("auto"));
        auto* box = editor.findChild<QCheckBox*>();
        QVERIFY(box->isChecked());
        QTest::mouseClick(box, Qt::LeftButton, {}, QPoint(8, box->height() / 2));
        QCOMPARE(editor.text(), QStringLiteral("1"));
        QWidget* field = &editor;
        while (field->focusProxy() != nullptr)
            field = field->focusProxy();
        QTest::keyClick(field, Qt::Key_Up);
        QCOMPARE(editor.text(), QStringLiteral("2"));
        QVERIFY(!box->isChecked());
    }

    void tabLeadsFromTheSearchToTheListItsValueAndReset() {
        Place place;
        place.pane->choose(kRank);
        type(place.field(), "32");
        QTRY_VERIFY(place.find<QPushButton>("resetButton")->isEnabled());
        place.pane->choose(QStringLiteral("training.seed"));
        place.pane->choose(kRank);
        QTRY_VERIFY(place.field()->isVisible());
        place.pane->focusSearch();
        QStringList names;
        for (int i = 0; i < 12 && names.value(names.size() - 1) != QStringLiteral("resetButton"); ++i) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            const QWidget* now = QApplication::focusWidget();
            QVERIFY(!now->visibleRegion().isEmpty());
            names << (now == place.field() ? QStringLiteral("field") : now->objectName());
        }
        names.removeAll(QString()); // the CUDA row's
        QCOMPARE(names.join(u' '),
                 (QStringList{QStringLiteral("openFolderButton"), QStringLiteral("themeBox"),
                              QStringLiteral("chosenOnlyBox"), QStringLiteral("keepTokenButton"),
                              QStringLiteral("settingList"), QStringLiteral("field"),
                              QStringLiteral("resetButton")}
                      .join(u' ')));
    }

    void tabLeadsThroughTheSettingsOfARunInTheirOrder() {
        RunGround run;
        run.chooseShortRun();
        QVERIFY(run.comesTo(managers::TrainingState::Ready));
        QWidget window;
        auto* column = new QVBoxLayout(&window);
        auto* fold = new SettingsFold(run.setup(), &window);
        auto* after = new QPushButton(&window);
        column->addWidget(fold);
        column->addWidget(after);
        window.resize(1024, 640);
        window.show();
        QApplication::setActiveWindow(&window);
        QVERIFY(QTest::qWaitForWindowActive(&window));
        fold->setOpen(true); // makes the rows
        const auto editors = fold->findChildren<SettingEditor*>();
        QVERIFY(editors.size() > 20);
        for (qsizetype at = -1; at + 1 < editors.size();) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            const QWidget* now = QApplication::focusWidget();
            QVERIFY2(!now->visibleRegion().isEmpty(), qPrintable(now->accessibleName()));
            if (editors[at + 1]->isAncestorOf(now)) ++at;
            QVERIFY2(at >= 0 && editors[at]->parentWidget()->isAncestorOf(now),
                     qPrintable(now->accessibleName()));
        }
        while (fold->isAncestorOf(QApplication::focusWidget())) // the rest of the last row
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QCOMPARE(QApplication::focusWidget(), after);
    }

    void everythingThatTakesTheFocusHasAName() {
        Place place;
        place.pane->choose(QStringLiteral("model.data_root"));
        for (QWidget* widget : place.pane->findChildren<QWidget*>()) {
            if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(accessible != nullptr && !accessible->text(QAccessible::Name).isEmpty(),
                     qPrintable(widget->objectName() + u' ' +
                                QString::fromLatin1(widget->metaObject()->className())));
        }
    }

    void theErrorOfAValueHasItsColourInEveryTheme() {
        Place place;
        place.pane->choose(kRank);
        type(place.field(), "5000");
        auto* problem = place.find<QLabel>("problem");
        QTRY_VERIFY(problem->isVisible());
        for (const look::Theme theme : {look::Theme::Dark, look::Theme::HighContrast, look::Theme::Light}) {
            look::applyTheme(theme);
            QCOMPARE(problem->palette().color(QPalette::WindowText), look::color(look::Tone::Bad));
        }
    }

    void withoutACardTheRowSaysSoAndOffersNothing() {
        Place place;
        auto* text = place.find<QLabel>("cudaText");
        QTRY_VERIFY_WITH_TIMEOUT(text->text().contains(QStringLiteral("No NVIDIA card")), kPatienceMs);
        QVERIFY(!place.find<QPushButton>("installCudaButton")->isVisible());
        QVERIFY(!place.find<QPushButton>("removeCudaButton")->isVisible());
    }

    void theCudaComponentIsInstalledAndRemovedByItsButtons() {
        const HttpServer server(serveWheels);
        Place place({}, "580.95.05", server.url("/simple"));
        auto* install = place.find<QPushButton>("installCudaButton");
        auto* remove = place.find<QPushButton>("removeCudaButton");
        QTRY_VERIFY_WITH_TIMEOUT(install->isVisible(), kPatienceMs);
        QVERIFY(!remove->isVisible());
        QTest::mouseClick(install, Qt::LeftButton);
        auto* question = place.find<QMessageBox>("cudaQuestion");
        QVERIFY(question->text().contains(QStringLiteral("580.95.05")));
        QVERIFY(question->text().contains(QStringLiteral("580.65")));
        QTest::mouseClick(place.find<QPushButton>("cudaYes"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(remove->isVisible() && remove->isEnabled(), kPatienceMs);
        QVERIFY(!install->isVisible());
        QVERIFY(place.find<QLabel>("cudaText")->text().contains(QStringLiteral("installed, 19 kB")));
        QTest::mouseClick(remove, Qt::LeftButton);
        QTRY_VERIFY(place.find<QMessageBox>("cudaQuestion") != nullptr);
        QTest::mouseClick(place.find<QPushButton>("cudaYes"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(install->isVisible() && install->isEnabled(), kPatienceMs);
    }

    void anInstallationThatFailsSaysWhy() {
        const HttpServer server([](const ServedRequest&) { return ServedAnswer{httpAnswer(404, "")}; });
        Place place({}, "580.95.05", server.url("/simple"));
        auto* install = place.find<QPushButton>("installCudaButton");
        QTRY_VERIFY_WITH_TIMEOUT(install->isVisible(), kPatienceMs);
        QTest::mouseClick(install, Qt::LeftButton);
        QTest::mouseClick(place.find<QPushButton>("cudaYes"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(place.pane->findChild<MessageBar*>()->text().contains(QStringLiteral("404")),
                                 kPatienceMs);
        QVERIFY(install->isVisible());
    }

    void aTokenIsKeptCheckedAndForgotten() {
        Place place;
        auto* text = place.find<QLabel>("tokenText");
        QTRY_VERIFY_WITH_TIMEOUT(text->text().contains(QStringLiteral("none")), kPatienceMs);
        QVERIFY(!place.find<QPushButton>("checkTokenButton")->isVisible());
        QVERIFY(!place.find<QPushButton>("forgetTokenButton")->isVisible());
        const auto type = [&](const char* token) {
            QTest::mouseClick(place.find<QPushButton>("keepTokenButton"), Qt::LeftButton);
            QTRY_VERIFY(place.find<QInputDialog>("tokenQuestion") != nullptr);
            auto* question = place.find<QInputDialog>("tokenQuestion");
            QCOMPARE(question->textEchoMode(), QLineEdit::Password);
            question->setTextValue(QString::fromLatin1(token));
            question->accept();
            QTRY_VERIFY(place.find<QInputDialog>("tokenQuestion") == nullptr);
            QTRY_VERIFY_WITH_TIMEOUT(!place.tokens->isBusy(), kPatienceMs);
        };
        type("hf_canaryThatNobodyKnows0");
        QVERIFY(place.kept.byName.empty());
        QVERIFY(place.pane->findChild<MessageBar*>()->isVisible());
        type(HubServer::kOtherToken);
        QCOMPARE(place.kept.byName.size(), std::size_t{1});
        QVERIFY2(text->text().contains(QStringLiteral("the keychain, of \"somebody\"")),
                 qPrintable(text->text()));
        QVERIFY(!text->text().contains(QString::fromLatin1(HubServer::kOtherToken)));
        QVERIFY(place.find<QPushButton>("checkTokenButton")->isVisible());
        QTest::mouseClick(place.find<QPushButton>("forgetTokenButton"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(text->text().contains(QStringLiteral("none")), kPatienceMs);
        QVERIFY(place.kept.byName.empty());
    }

public:
    Q_INVOKABLE void open(const QUrl& url) { m_opened = url; }

private:
    QUrl m_opened;
};

QTEST_MAIN(TestSettingsPane)
#include "test_settings_pane.moc"
