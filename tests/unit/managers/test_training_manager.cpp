// A run from the choice to its end, over the fake engine, on the threads of the window.
#include <fstream>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

#include <QProcess>
#include <QSignalSpy>
#include <QTest>

#include "app/command_line.h"
#include "app/program.h"
#include "core/error_codes.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/run_list.h"
#include "managers/model_manager.h"
#include "managers/run_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/training_manager.h"
#include "support/run_ground.h"

using namespace llamahome;
using managers::Metric;
using managers::toQt;
using managers::TrainingState;

namespace {

const QString kModel = QStringLiteral("smollm2/135m-instruct");

/// Starts the run of the form and pauses it before that step.
bool stoppedAt(testing::RunGround& g, std::int64_t step) {
    g.gate.holdBefore(step);
    g.training->start();
    if (!g.holds() || !g.comesTo(TrainingState::Running)) return false;
    g.training->pause();
    g.gate.open();
    return g.comesTo(TrainingState::Paused);
}

/// Continues the run that is shown and stops it while its model loads.
bool stopsWhileLoading(testing::RunGround& g) {
    testing::StepGate loading;
    loading.holdBefore(1);
    g.ground.engine.script().beforeLoad = [&loading] { loading.pass(1); };
    g.training->resume(g.training->runName());
    if (!QTest::qWaitFor([&] { return loading.isReached(); }, testing::kPatienceMs)) return false;
    g.training->stop();
    loading.open();
    const bool hasEnded = QTest::qWaitFor([&] { return !g.training->isActive(); }, testing::kPatienceMs);
    g.ground.engine.script().beforeLoad = {};
    return hasEnded;
}

} // namespace

class TestTrainingManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunIsCheckedStartedPausedContinuedAndDone() {
        testing::RunGround g;
        QVERIFY(g.isIn(TrainingState::NothingChosen));
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.setup().dataReport()->summary.rows, 12U);
        QCOMPARE(g.setup().outlook()->forecast.totalSteps, 6);
        QVERIFY(!g.training->problem());

        QSignalSpy ended(g.training.get(), &managers::TrainingManager::runEnded);
        g.gate.holdBefore(3);
        g.training->start();
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.training->isActive());
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(g.holds());
        QTRY_VERIFY_WITH_TIMEOUT(g.training->metrics().columns().rows() >= 1, testing::kPatienceMs);
        QVERIFY(!g.training->runName().isEmpty());
        QCOMPARE(g.training->run().model, kModel);
        QCOMPARE(g.training->forecast()->totalSteps, 6);

        g.training->pause();
        QVERIFY(g.isIn(TrainingState::Pausing));
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        QVERIFY(!g.training->isActive());
        QCOMPARE(ended.count(), 0);
        QCOMPARE(g.training->metrics().columns().lastStep(), 2);
        const std::string name = managers::fromQt(g.training->runName());
        {
            const MayBlock here;
            QCOMPARE(jobs::findRun(g.root(), name)->record.state, jobs::RunState::Stopped);
        }

        g.training->resume(g.training->runName());
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->summary()->end, jobs::TrainEnd::Finished);
        QCOMPARE(g.training->metrics().columns().rows(), std::size_t(7));
        QCOMPARE(g.training->metrics().columns().lastStep(), 6);
        QVERIFY(g.training->metrics().columns().valueAt(Metric::MemoryMib, 6).has_value());
        const std::vector<std::int64_t> all{1, 2, 3, 4, 5, 6};
        QCOMPARE(g.ground.engine.history().trainedSteps, all);
        QCOMPARE(ended.count(), 1);
        QCOMPARE(ended.front().at(1).toString(), toQt(g.training->summary()->adapterName));
        QVERIFY(g.training->answers().size() >= 2);
        QCOMPARE(g.runLogs.size(), std::size_t(2));
        QCOMPARE(g.runLogs.front().filename().string(), std::string("run.log"));
        QCOMPARE(g.ground.files.violations(), std::vector<std::string>{});
    }

    void aPausedRunGoesOnAfterTheProgramWasEnded() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.gate.holdBefore(4);
        g.training->start();
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        g.training->pause();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        const QString name = g.training->runName();

        g.training = std::make_unique<managers::TrainingManager>(*g.context, *g.models, *g.settings);
        QTRY_VERIFY_WITH_TIMEOUT(g.training->unfinished().has_value(), testing::kPatienceMs);
        QCOMPARE(toQt(g.training->unfinished()->name), name);
        g.training->resume(name);
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->metrics().columns().rows(), std::size_t(7));
        QCOMPARE(g.training->run().model, kModel);
        QCOMPARE(g.training->run().settings.training.lora.r, 2);
        QVERIFY(g.training->commandLine().startsWith(QStringLiteral("llamahome resume ") + name));
    }

    void stopKeepsTheAdapterSoFarAndTheWayToGoOn() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.gate.holdBefore(3);
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(g.holds());
        QSignalSpy ended(g.training.get(), &managers::TrainingManager::runEnded);
        g.training->stop();
        QVERIFY(g.isIn(TrainingState::Stopping));
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->summary()->end, jobs::TrainEnd::Interrupted);
        QVERIFY(!g.training->summary()->adapterName.empty());
        QCOMPARE(ended.count(), 1);
        QSignalSpy offered(g.training.get(), &managers::TrainingManager::unfinishedChanged);
        QVERIFY(offered.wait(testing::kPatienceMs));
        QVERIFY(!g.training->unfinished()); // it is shown
        g.training->showForm();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QTRY_VERIFY_WITH_TIMEOUT(g.training->unfinished().has_value(), testing::kPatienceMs);
        QCOMPARE(g.setup().modelName(), kModel);
        QVERIFY(g.training->runName().isEmpty());
    }

    void theStatusBarsStopIsAStop() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.gate.holdBefore(2);
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(g.holds());
        for (managers::Job* job : g.context->jobs.activeJobs())
            if (job->kind() == managers::JobKind::Train) job->cancel();
        QVERIFY(g.isIn(TrainingState::Stopping));
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Done));
    }

    void aRunThatIsStoppedBeforeItBeginsLeavesNothing() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        testing::StepGate busy;
        busy.holdBefore(1);
        g.context->engine.post([&busy] { busy.pass(1); }); // a chat answer, say
        g.training->start();
        QVERIFY(g.isIn(TrainingState::Starting));
        g.training->stop();
        busy.open();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QVERIFY(jobs::listRuns(g.root()).empty());
        QVERIFY(!g.training->problem());
    }

    void earlyStoppingEndsARunWithItsBestState() {
        testing::RunGround g;
        g.ground.engine.script().evalLoss = [](std::int64_t step) { return 1.0 + static_cast<double>(step); };
        g.chooseShortRun();
        g.set("training.early_stopping.patience", "1");
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->summary()->end, jobs::TrainEnd::EarlyStopped);
        QCOMPARE(g.training->metrics().columns().evaluationsWithoutImprovement(), 1);
        QCOMPARE(g.training->metrics().columns().stoppingRule().patience, 1);
        QCOMPARE(g.training->metrics().columns().best()->step, 0);
    }

    void aLossThatIsNoNumberEndsARunWithWhatWasKept() {
        testing::RunGround g;
        g.ground.engine.script().nonFiniteStep = 4;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Failed));
        QCOMPARE(g.training->problem()->code, codes::kNonFiniteLoss);
        QTRY_VERIFY_WITH_TIMEOUT(g.training->endedRun().has_value(), testing::kPatienceMs);
        QVERIFY(!g.training->endedRun()->checkpoints.empty());
        QCOMPARE(g.training->metrics().columns().lastStep(), 3);
        const auto remedies = g.training->endedRun()->remedies;
        QCOMPARE(remedies.size(), std::size_t(1));
        g.training->resume(g.training->runName()); // as it was: to the same end
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.comesTo(TrainingState::Failed));
        const double rate = g.training->run().settings.training.learning_rate;
        g.ground.engine.script().finiteUpToRate = rate * 0.75;
        g.training->resume(g.training->runName(), remedies.front().changes);
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.comesTo(TrainingState::Done));
        QVERIFY(!g.training->problem());
        QCOMPARE(g.training->run().settings.training.learning_rate, rate / 2.0);
        QVERIFY(!g.training->notices().filter(QStringLiteral("not the undisturbed run")).isEmpty());
    }

    void aRunThatCannotGoOnLeavesTheOneThatIsShown() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QVERIFY(stoppedAt(g, 4));
        const QString stopped = g.training->runName();
        g.training->showForm();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
        const QString shown = g.training->runName();
        QVERIFY(shown != stopped);
        const QString command = g.training->commandLine();
        const std::size_t answers = g.training->answers().size();

        std::ofstream(g.data, std::ios::app) << R"({"question":"And now?","answer":"Other"})"
                                             << "\n";
        g.training->resume(stopped);
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->problem()->code, codes::kRunChanged);
        QCOMPARE(g.training->runName(), shown);
        QCOMPARE(g.training->commandLine(), command);
        QCOMPARE(g.training->summary()->end, jobs::TrainEnd::Finished);
        QCOMPARE(g.training->metrics().columns().lastStep(), 6);
        QCOMPARE(g.training->answers().size(), answers);
        QVERIFY(g.training->forecast().has_value());
    }

    void aRunThatIsStoppedWhileTheModelLoadsIsPausedAsBefore() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QVERIFY(stoppedAt(g, 4));
        QVERIFY(stopsWhileLoading(g));
        QVERIFY(g.comesTo(TrainingState::Paused));
        QVERIFY(g.training->summary().has_value());
        QCOMPARE(g.training->summary()->steps, 3);
        QCOMPARE(g.training->metrics().columns().lastStep(), 3);
        QVERIFY(!g.training->problem());
        for (const managers::Job* job : g.context->jobs.jobs())
            QVERIFY(job->kind() != managers::JobKind::Train || job->canGoOn());
    }

    void aRetryThatIsStoppedLeavesTheCauseOfTheFailure() {
        testing::RunGround g;
        g.ground.engine.script().nonFiniteStep = 4;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Failed));
        QTRY_VERIFY_WITH_TIMEOUT(g.training->endedRun().has_value(), testing::kPatienceMs);
        QVERIFY(stopsWhileLoading(g));
        QVERIFY(g.comesTo(TrainingState::Failed));
        QCOMPARE(g.training->problem()->code, codes::kNonFiniteLoss);
        QVERIFY(g.training->endedRun().has_value());
    }

    void anOldStoppedRunIsNotOfferedAfterANewerOne() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QVERIFY(stoppedAt(g, 4));
        g.training->showForm();
        QTRY_VERIFY_WITH_TIMEOUT(g.training->unfinished().has_value(), testing::kPatienceMs);
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
        g.training->showForm();
        QTRY_VERIFY_WITH_TIMEOUT(!g.training->unfinished(), testing::kPatienceMs);
    }

    void aRunThatIsRemovedIsNotOffered() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        QVERIFY(stoppedAt(g, 4));
        const std::string name = managers::fromQt(g.training->runName());
        g.training->showForm();
        QTRY_VERIFY_WITH_TIMEOUT(g.training->unfinished().has_value(), testing::kPatienceMs);
        const auto run = jobs::findRun(g.root(), name);
        QVERIFY(bool(run));
        managers::RunManager runs(*g.context);
        runs.remove(*jobs::planRunRemoval(*run));
        QTRY_VERIFY_WITH_TIMEOUT(!g.training->unfinished(), testing::kPatienceMs);
    }

    void aMendedFileIsReadAgainWhenItIsChosenAgain() {
        testing::RunGround g(1);
        g.chooseShortRun();
        QTRY_VERIFY_WITH_TIMEOUT(g.training->problem().has_value(), testing::kPatienceMs);
        QCOMPARE(g.setup().dataReport()->summary.badRows, 1U);
        std::filesystem::resize_file(g.data, std::filesystem::file_size(g.data) - sizeof("{\"question\":"));
        g.setup().chooseData({managers::pathToQt(g.data)});
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.setup().dataReport()->summary.badRows, 0U);
    }

    void whatDoesNotFitIsToldWithTheChangeThatMakesItFit() {
        testing::RunGround g;
        g.chooseShortRun();
        g.makeItNotFit();
        QVERIFY(g.comesTo(TrainingState::DoesNotFit));
        QCOMPARE(g.training->problem()->code, codes::kNotEnoughMemory);
        QVERIFY(!g.setup().outlook()->changes.empty());
        g.training->start();
        QVERIFY(g.isIn(TrainingState::DoesNotFit));
        const managers::FitChange change = g.setup().outlook()->changes.front();
        QVERIFY(change.memoryBytes <= g.setup().outlook()->forecast.memoryAllowed);
        g.setup().apply(change);
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.setup().outlook()->forecast.memory.total(), change.memoryBytes);
    }

    void badRowsAreToldAndCanBeLeftOut() {
        testing::RunGround g(2);
        g.chooseShortRun();
        QTRY_VERIFY_WITH_TIMEOUT(g.training->problem().has_value(), testing::kPatienceMs);
        QVERIFY(g.isIn(TrainingState::NothingChosen));
        QVERIFY(toQt(g.training->problem()->message).startsWith(QStringLiteral("2 bad rows")));
        QVERIFY(g.setup().canSkipBadRows());
        g.set("data.skip_bad_rows", "true");
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.setup().outlook()->forecast.data.badRows, 2U);
    }

    void aMissingFileAndAMissingModelAreTold() {
        testing::RunGround g;
        g.setup().chooseModel(QStringLiteral("llama/3.2-1b"));
        QTRY_VERIFY_WITH_TIMEOUT(g.training->problem().has_value(), testing::kPatienceMs);
        QCOMPARE(g.training->problem()->code, codes::kModelNotInstalled);
        g.setup().chooseModel(kModel);
        g.setup().chooseData({QStringLiteral("/no/such/file.jsonl")});
        QTRY_VERIFY_WITH_TIMEOUT(g.training->problem() && g.training->problem()->code == codes::kFileNotFound,
                                 testing::kPatienceMs);
        QVERIFY(g.isIn(TrainingState::NothingChosen));
    }

    void aRootThatAnotherProcessHoldsIsToldAndNothingIsLost() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        int told[2];
        int end[2];
        QVERIFY(pipe(told) == 0 && pipe(end) == 0);
        const std::string root = g.ground.root().string();
        const pid_t child = fork();
        if (child == 0) {
            const auto lock = jobs::RootLock::acquire({root});
            const char byte = lock ? '1' : '0';
            char ignored = 0;
            close(end[1]);
            if (write(told[1], &byte, 1) == 1) (void)!read(end[0], &ignored, 1);
            _exit(0);
        }
        char byte = 0;
        QCOMPARE(read(told[0], &byte, 1), ssize_t(1));
        QCOMPARE(byte, '1');
        g.training->start();
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.training->problem()->code, codes::kRootLocked);
        QVERIFY(toQt(g.training->problem()->message).contains(QString::number(child)));
        close(end[0]);
        close(end[1]);
        QCOMPARE(waitpid(child, nullptr, 0), child);
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
    }

    void theCommandIsTheSameRunForTheShell() {
        testing::RunGround g;
        g.chooseShortRun();
        g.setup().choosePreset(QStringLiteral("style"));
        g.set("training.learning_rate", "3e-4");
        g.set("data.system", "-be brief");
        QTRY_VERIFY_WITH_TIMEOUT(g.training->commandLine().contains(QStringLiteral("be brief")),
                                 testing::kPatienceMs);
        const QString line = g.training->commandLine();
        const QString start = QStringLiteral("llamahome train smollm2 135m-instruct --data ") +
                              managers::pathToQt(g.data) + QStringLiteral(" --preset style ");
        QVERIFY2(line.startsWith(start), qPrintable(line));
        QVERIFY(line.contains(QStringLiteral("--learning-rate 3e-4")));
        QVERIFY(line.contains(QStringLiteral("--set 'data.system=-be brief'")));
        QVERIFY(line.endsWith(QStringLiteral("--root ") + managers::pathToQt(g.ground.root())));

        std::vector<std::string> words;
        for (const QString& word :
             QProcess::splitCommand(QString(line).replace(QLatin1Char('\''), QLatin1Char('"'))))
            words.push_back(managers::fromQt(word));
        words.erase(words.begin());
        app::GlobalOptions options;
        const app::CommandSpec program = app::programSpec(options);
        const auto parsed = app::parseCommandLine(program, words);
        QVERIFY2(bool(parsed), parsed ? "" : parsed.error().message.c_str());
        QCOMPARE(parsed->command().name, std::string("train"));
        QCOMPARE(options.preset, std::optional<std::string>("style"));
        config::SettingsSources sources;
        sources.shippedFolder = g.context->workspace.shipped.config();
        sources.preset = *options.preset;
        sources.options = options.settings;
        for (const std::string& pair : options.sets)
            sources.options.push_back(*config::parseOptionPair(pair));
        const auto shell = config::loadSettings(sources);
        QVERIFY(bool(shell));
        for (const config::SettingDescriptor& setting : config::allSettings())
            if (setting.key.starts_with("training.") || setting.key.starts_with("data."))
                QCOMPARE(config::settingText(setting, shell->values),
                         config::settingText(setting, g.setup().settings()));
    }

    void aRunIsRepeatedWithItsPresetAndNothingElseIsAChange() {
        testing::RunGround g;
        g.chooseShortRun();
        g.setup().choosePreset(QStringLiteral("style"));
        QVERIFY(g.comesTo(TrainingState::Ready));
        QStringList changed = g.setup().changedSettings();
        changed.sort();
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
        jobs::RunRecord record;
        config::Settings settings;
        {
            const MayBlock here;
            const auto run = jobs::findRun(g.root(), managers::fromQt(g.training->runName()));
            record = run->record;
            settings = *jobs::readRunSettings(*run);
        }
        for (const bool isNamed : {true, false}) {
            if (!isNamed) record.commandLine = "llamahome train smollm2 135m-instruct";
            g.training->showForm();
            g.setup().resetSettings();
            g.setup().choosePreset({});
            g.setup().chooseRun(record, settings);
            QTRY_VERIFY_WITH_TIMEOUT(!g.setup().isResolving(), testing::kPatienceMs);
            QCOMPARE(g.setup().presetName(), QStringLiteral("style"));
            QStringList again = g.setup().changedSettings();
            again.sort();
            QCOMPARE(again, changed);
            QCOMPARE(g.setup().settings().training.max_steps, 6);
        }
    }

    void aRunMayHaveANameAndRowsOfItsOwnToMeasureOn() {
        testing::RunGround g;
        g.chooseShortRun();
        const std::filesystem::path measured = g.ground.folder() / "measured.jsonl";
        std::ofstream(measured) << R"({"question":"What is 20 and 1?","answer":"It is 21"})"
                                << "\n"
                                << R"({"question":"What is 30 and 1?","answer":"It is 31"})"
                                << "\n";
        g.setup().chooseValidation(managers::pathToQt(measured));
        g.setup().setRunName(QStringLiteral("sums"));
        QTRY_VERIFY_WITH_TIMEOUT(g.isIn(TrainingState::Ready) && !g.setup().isLookingAhead(),
                                 testing::kPatienceMs);
        QCOMPARE(g.setup().outlook()->forecast.data.trainRows, 12U);
        QCOMPARE(g.setup().outlook()->forecast.data.validationRows, 2U);
        QVERIFY(g.training->commandLine().contains(QStringLiteral("--validation")));
        g.training->start();
        QVERIFY(g.comesTo(TrainingState::Done));
        QCOMPARE(g.training->runName(), QStringLiteral("sums"));
        g.training->showForm();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.training->start(); // the name is taken
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(g.comesTo(TrainingState::Ready));
        QCOMPARE(g.training->problem()->code, codes::kRunExists);
    }

    void whatTheProgramWasStartedWithCountsForARunToo() {
        testing::RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        managers::Workspace place = g.ground.workspace();
        place.options = {
            {"training.seed", "7"}, {"training.lora.r", "32"}, {"logging.levels.default", "debug"}};
        const managers::ResolvedChoice resolved = managers::resolveChoice(place, g.setup().choice());
        QCOMPARE(resolved.report.resolved.values.training.seed, 7);
        QCOMPARE(resolved.report.resolved.values.training.lora.r, 2); // the form is stronger
        const QString line = toQt(resolved.commandLine);
        QVERIFY2(line.contains(QStringLiteral("--seed 7")), qPrintable(line));
        QVERIFY2(!line.contains(QStringLiteral("--lora-r 32")) && !line.contains(QStringLiteral("logging")),
                 qPrintable(line));
    }

    void aValueThatIsNoneIsRefusedAndTheOldOneStays() {
        testing::RunGround g;
        QTRY_VERIFY_WITH_TIMEOUT(!g.setup().isLookingAhead(), testing::kPatienceMs);
        QVERIFY(g.setup().setSetting(QStringLiteral("training.num_epochs"), QStringLiteral("many")));
        QVERIFY(g.setup().changedSettings().isEmpty());
        g.set("training.num_epochs", "5");
        QCOMPARE(g.setup().changedSettings(), QStringList{QStringLiteral("training.num_epochs")});
        g.set("training.num_epochs", "3"); // as without the form
        QVERIFY(g.setup().changedSettings().isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestTrainingManager)
#include "test_training_manager.moc"
