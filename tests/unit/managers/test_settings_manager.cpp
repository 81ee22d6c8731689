#include <latch>

#include <QSignalSpy>
#include <QTest>

#include "config/settings_file.h"
#include "core/error_codes.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const QString kRank = QStringLiteral("training.lora.r");

struct Place {
    Place() = default;
    ~Place() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    void write(const std::string& name, const std::string& text) {
        fs::create_directories(ground.config());
        if (!writeFileAtomically(systemFiles(), ground.config() / name, text)) qFatal("not written");
    }
    std::string content(const std::string& name) {
        const MayBlock here;
        auto text = readFile(ground.config() / name);
        return text ? *text : std::string();
    }
    /// Begins with the settings read.
    SettingsManager& start(const managers::Workspace& workspace) {
        context.emplace(workspace);
        manager.emplace(*context);
        if (!QTest::qWaitFor([this] { return manager->isRead(); }, kPatienceMs)) qFatal("nothing was read");
        return *manager;
    }
    SettingsManager& start() { return start(ground.workspace()); }
    /// Waits until every reading that was asked for has come: all threads of the pool meet after them.
    void awaitReadings() {
        int met = 0;
        std::latch meeting(FilePool::kThreads);
        for (int i = 0; i < FilePool::kThreads; ++i)
            context->filePool.post([this, &meeting, &met] {
                meeting.arrive_and_wait();
                context->jobs.post([&met] { ++met; });
            });
        if (!QTest::qWaitFor([&] { return met == FilePool::kThreads; }, kPatienceMs)) qFatal("no meeting");
    }

    ManagerGround ground;
    std::optional<ManagerContext> context;
    std::optional<SettingsManager> manager;
};

/// The error that a change ended with; nothing where it was saved.
std::optional<Error> outcomeOf(SettingsManager& manager, const std::function<void()>& change) {
    std::optional<Error> failure;
    bool isSaved = false;
    QObject context;
    QObject::connect(&manager, &SettingsManager::settingFailed, &context,
                     [&](const QString&, const Error& error) { failure = error; });
    QObject::connect(&manager, &SettingsManager::settingSaved, &context, [&] { isSaved = true; });
    change();
    if (!QTest::qWaitFor([&] { return isSaved || failure; }, kPatienceMs)) qFatal("no outcome");
    return failure;
}

} // namespace

class TestSettingsManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shippedValuesAndPresetsAreThere() {
        Place place;
        const SettingsManager& manager = place.start();
        QVERIFY(manager.problems().empty());
        QVERIFY(manager.presets().size() >= 4);
        QCOMPARE(manager.strongerPlace(kRank), QString());
        QVERIFY(!manager.isInUserFile(kRank));
        QCOMPARE(manager.userFileFor(kRank), pathToQt(place.ground.config() / "training_config.yaml"));
    }

    void aChangedSettingLandsInTheUsersFileAndCommentsStay() {
        Place place;
        place.write("training_config.yaml", "# mine\ntraining:\n  seed: 7 # lucky\n");
        SettingsManager& manager = place.start();
        QVERIFY(!outcomeOf(manager, [&] { manager.setValue(kRank, QStringLiteral("32")); }));
        QCOMPARE(manager.settings().training.lora.r, 32);
        QVERIFY(manager.isInUserFile(kRank));
        QCOMPARE(place.content("training_config.yaml"),
                 std::string("# mine\ntraining:\n  lora:\n    r: 32\n  seed: 7 # lucky\n"));
        QVERIFY(place.ground.files.calls() > 0);
    }

    void aResetSettingIsTheDefaultAgainAndTheRestStays() {
        Place place;
        SettingsManager& manager = place.start();
        const auto shipped = manager.settings().training.lora.r;
        place.write("training_config.yaml", "# mine\ntraining:\n  lora: {r: 32}\n  seed: 7 # lucky\n");
        QSignalSpy changed(&manager, &SettingsManager::settingsChanged);
        manager.refresh();
        QVERIFY(changed.wait(kPatienceMs));
        QCOMPARE(manager.settings().training.lora.r, 32);
        QVERIFY(!outcomeOf(manager, [&] { manager.reset(kRank); }));
        QCOMPARE(manager.settings().training.lora.r, shipped);
        QCOMPARE(place.content("training_config.yaml"),
                 std::string("# mine\ntraining:\n  seed: 7 # lucky\n"));
    }

    void aReadingThatFindsNothingNewIsNotTold() {
        Place place;
        place.write("training_config.yaml", "training: {seed: 7}\n");
        SettingsManager& manager = place.start();
        QSignalSpy changed(&manager, &SettingsManager::settingsChanged);
        manager.refresh();
        place.write("training_config.yaml", "training: {seed: 8}\n");
        manager.refresh(); // the one before it is void
        QTRY_COMPARE_WITH_TIMEOUT(manager.settings().training.seed, 8, kPatienceMs);
        manager.refresh();
        place.awaitReadings();
        QCOMPARE(changed.size(), 1);
    }

    void aKeyInAnotherFileOfTheUsersIsChangedWhereItStands() {
        Place place;
        place.write("model_config.yaml", "training: {seed: 7}\n");
        SettingsManager& manager = place.start();
        QVERIFY(!outcomeOf(manager,
                           [&] { manager.setValue(QStringLiteral("training.seed"), QStringLiteral("8")); }));
        QCOMPARE(place.content("model_config.yaml"), std::string("training: {seed: 8}\n"));
        QVERIFY(!fs::exists(place.ground.config() / "training_config.yaml"));
        QVERIFY(manager.problems().empty());
    }

    void wrongValuesAreRefusedAndNothingIsWritten() {
        Place place;
        SettingsManager& manager = place.start();
        const auto failure = outcomeOf(manager, [&] { manager.setValue(kRank, QStringLiteral("0")); });
        QVERIFY(failure);
        QVERIFY(failure->code == codes::kSettingRange);
        QVERIFY(failure->message.find("from 1 to 1024") != std::string::npos);
        QVERIFY(!fs::exists(place.ground.config()));
        QVERIFY(outcomeOf(manager, [&] { manager.setValue(QStringLiteral("training.sed"), {}); })->code ==
                codes::kSettingUnknown);
    }

    void oneBrokenPlaceDoesNotBlockChangesElsewhere() {
        Place place;
        place.write("model_config.yaml", "model: {threads: many}\n");
        SettingsManager& manager = place.start();
        QCOMPARE(manager.problems().size(), std::size_t(1));
        QVERIFY(!outcomeOf(manager, [&] { manager.setValue(kRank, QStringLiteral("4")); }));
        QCOMPARE(manager.settings().training.lora.r, 4);
    }

    void theLastGoodCopyComesBack() {
        Place place;
        place.write("training_config.yaml", "training: {seed: 7}\n");
        SettingsManager& manager = place.start();
        QVERIFY(!outcomeOf(manager, [&] { manager.setValue(kRank, QStringLiteral("4")); }));
        place.write("training_config.yaml", "training: {seed: 7");
        QSignalSpy changed(&manager, &SettingsManager::settingsChanged);
        manager.refresh();
        QVERIFY(changed.wait(kPatienceMs));
        QCOMPARE(manager.problems().size(), std::size_t(1));
        const QString file = toQt(manager.problems().front().file);
        QVERIFY(manager.hasLastGood(file));
        QVERIFY(!outcomeOf(manager, [&] { manager.restoreLastGood(file); }));
        QVERIFY(manager.problems().empty());
        QCOMPARE(manager.settings().training.seed, 7);
        QCOMPARE(place.content("training_config.yaml.damaged"), std::string("training: {seed: 7"));
    }

    void whatWinsOverTheUsersFilesIsNamed() {
        Place place;
        managers::Workspace workspace = place.ground.workspace();
        workspace.environment["LLAMAHOME_ROOT"] = place.ground.root().string();
        const SettingsManager& manager = place.start(workspace);
        QCOMPARE(manager.strongerPlace(QStringLiteral("model.data_root")), QStringLiteral("LLAMAHOME_ROOT"));
    }

    void changesOneAfterTheOtherAreAllKept() {
        Place place;
        SettingsManager& manager = place.start();
        QSignalSpy saved(&manager, &SettingsManager::settingSaved);
        for (int i = 1; i <= 8; ++i) {
            manager.setValue(kRank, QString::number(i));
            manager.setValue(QStringLiteral("training.seed"), QString::number(i));
        }
        QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 16, kPatienceMs);
        QCOMPARE(manager.settings().training.lora.r, 8);
        QCOMPARE(manager.settings().training.seed, 8);
    }

    void changesThatStillWaitAtTheEndAreWritten() {
        Place place;
        SettingsManager& manager = place.start();
        StepGate busy;
        busy.holdBefore(1);
        for (int i = 0; i < FilePool::kThreads; ++i)
            place.context->filePool.post([&busy] { busy.pass(1); });
        manager.setValue(kRank, QStringLiteral("32"));
        manager.setValue(QStringLiteral("training.seed"), QStringLiteral("7"));
        place.manager.reset();
        const QString written = toQt(place.content("training_config.yaml"));
        busy.open();
        QVERIFY2(written.contains(QStringLiteral("r: 32")), qPrintable(written));
        QVERIFY2(written.contains(QStringLiteral("seed: 7")), qPrintable(written));
    }

    void theHomeFolderMayBeWrittenAsATilde() {
        Place place;
        SettingsManager& manager = place.start();
        QVERIFY(!outcomeOf(manager, [&] {
            manager.setValue(QStringLiteral("model.data_root"), QStringLiteral("~/models"));
        }));
        QCOMPARE(manager.settings().model.data_root, (place.ground.folder() / "models").string());
    }

    void withoutASettingsFolderNothingCanBeSavedAndThatIsSaid() {
        Place place;
        managers::Workspace workspace = place.ground.workspace();
        workspace.userConfigFolder.clear();
        SettingsManager& manager = place.start(workspace);
        const auto failure = outcomeOf(manager, [&] { manager.setValue(kRank, QStringLiteral("4")); });
        QVERIFY(failure);
        QVERIFY(failure->message.find("HOME") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestSettingsManager)
#include "test_settings_manager.moc"
