// Runs of the built program that are killed at random moments and resumed, stopped, or fail: in the end the
// adapter is that of an undisturbed run. LLAMAHOME_TEST_KILLS=10x20 for the whole; LLAMAHOME_TEST_SEED to
// repeat.
#include <csignal>
#include <cstdio>
#include <random>

#include <QElapsedTimer>

#include "tiny_home.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

/// In each test run; the whole is ten times twenty.
constexpr int kRuns = 2;
constexpr int kKills = 6;
constexpr int kSteps = 60; ///< of longRun()

QStringList killableRun(std::uint32_t seed) {
    return longRun() + QStringList{QStringLiteral("--seed"), QString::number(seed), QStringLiteral("--set"),
                                   QStringLiteral("training.checkpoint.every_steps=1")};
}

std::string adapterOf(const ProgramResult& ended) {
    const std::filesystem::path folder = jsonLines(ended.out).back()["adapter_folder"].get<std::string>();
    const auto bytes = readFile(folder / "adapter_model.safetensors");
    return bytes ? *bytes : bytes.error().message;
}

std::string stateOf(const TinyHome& home, const QString& run) {
    const auto record = readJsonFile(home.runFolder(run) / "run.json");
    return record ? (*record)["state"].get<std::string>() : std::string();
}

} // namespace

class TestTrainingKills final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        const QString wanted = qEnvironmentVariable("LLAMAHOME_TEST_KILLS");
        if (const qsizetype times = wanted.indexOf(u'x'); times > 0) {
            m_runs = wanted.left(times).toInt();
            m_kills = wanted.mid(times + 1).toInt();
        }
        bool isGiven = false;
        const uint seed = qEnvironmentVariable("LLAMAHOME_TEST_SEED").toUInt(&isGiven);
        m_seed = isGiven ? seed : std::random_device()();
        m_random.seed(m_seed);
        std::printf("LLAMAHOME_TEST_SEED=%u\n", m_seed);
    }

    void killsAtRandomMomentsChangeNoBitOfTheAdapter() {
        const TinyHome home;
        int kills = 0;
        for (int i = 0; i < m_runs; ++i) {
            const auto seed = static_cast<std::uint32_t>(i);
            QElapsedTimer timer;
            timer.start();
            const ProgramResult whole =
                home.runner().run(home.trainWords(QStringLiteral("whole-%1").arg(i), killableRun(seed)));
            QVERIFY2(whole.code == 0, whole.err.c_str());
            const QString name = QStringLiteral("killed-%1").arg(i);
            kills += killOften(home, name, seed, static_cast<int>(timer.elapsed()));
            const ProgramResult ended = goOn(home, name, seed);
            QVERIFY2(ended.code == 0, ended.err.c_str());
            QVERIFY2(adapterOf(ended) == adapterOf(whole), qPrintable(name));
        }
        std::printf("%d kills in %d runs, every adapter bit-equal\n", kills, m_runs);
        QVERIFY(kills > 0);
    }

    void changedSettingsAreTakenAndNamedAndOthersRefused() {
        const TinyHome home;
        const QString name = QStringLiteral("changed");
        const auto process = home.runner().start(home.trainWords(
            name, longRun() + QStringList{QStringLiteral("--batch-size"), QStringLiteral("2"),
                                          QStringLiteral("--gradient-accumulation"), QStringLiteral("2")}));
        QVERIFY(waitForMetrics(*process, home.runFolder(name), 8));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        QCOMPARE(ProgramRunner::finish(*process).code, 4);
        const auto resume = [&](const QStringList& more) {
            return home.runner().run(QStringList{QStringLiteral("--json"), QStringLiteral("resume"), name} +
                                     more);
        };
        QCOMPARE(resume({QStringLiteral("--set"), QStringLiteral("training.seed=1")}).code, 5);
        QCOMPARE(resume({QStringLiteral("--batch-size"), QStringLiteral("1")}).code, 5);
        const ProgramResult resumed = resume({QStringLiteral("--batch-size"), QStringLiteral("1"),
                                              QStringLiteral("--gradient-accumulation"), QStringLiteral("4"),
                                              QStringLiteral("--learning-rate"), QStringLiteral("0.005")});
        QVERIFY2(resumed.code == 0, resumed.err.c_str());
        QVERIFY2(resumed.err.find("not the undisturbed run") != std::string::npos, resumed.err.c_str());
        const ProgramResult shown = home.runner().run(
            {QStringLiteral("--json"), QStringLiteral("runs"), QStringLiteral("show"), name});
        const auto run = parseJson(shown.out, "runs show");
        QVERIFY2(run && (*run)["changes"].size() == 3, shown.out.c_str());
        QCOMPARE((*run)["changes"][0]["key"].get<std::string>(), std::string("training.learning_rate"));
        QVERIFY((*run)["changes"][0]["step"].get<int>() > 0);
    }

    void aStopKeepsWhatTheOptionSays() {
        const TinyHome home;
        const auto process = home.runner().start(
            home.trainWords(QStringLiteral("last"),
                            longRun() + QStringList{QStringLiteral("--keep"), QStringLiteral("last")}));
        QVERIFY(waitForMetrics(*process, home.runFolder(QStringLiteral("last")), 8));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        const ProgramResult stopped = ProgramRunner::finish(*process);
        QVERIFY2(stopped.code == 4, stopped.err.c_str());
        const std::vector<Json> lines = jsonLines(stopped.out);
        for (const Json& line : lines)
            if (line.value("kind", "") == "summary") QVERIFY(line["adapter_step"] == line["steps"]);
        const ProgramResult wrong = home.runner().run(
            home.trainWords(QStringLiteral("none"), {QStringLiteral("--keep"), QStringLiteral("half")}));
        QCOMPARE(wrong.code, 2);
    }

private:
    /// Starts or resumes the run and kills it, so often, or until it is finished. How often it was killed.
    int killOften(const TinyHome& home, const QString& name, std::uint32_t seed, int wholeMs) {
        for (int kills = 0; kills < m_kills; ++kills) {
            const auto process = home.runner().start(wordsFor(home, name, seed));
            waitForTheMoment(*process, home.runFolder(name), wholeMs);
            if (process->state() == QProcess::NotRunning) return kills;
            process->kill();
            process->waitForFinished();
        }
        return m_kills;
    }

    /// A random number of steps and some milliseconds, so that the moments spread over the run; one of four
    /// is a random time, at the start for the most part.
    void waitForTheMoment(QProcess& process, const std::filesystem::path& runFolder, int wholeMs) {
        const auto upTo = [this](int most) { return std::uniform_int_distribution<int>(0, most)(m_random); };
        if (upTo(3) == 0) {
            process.waitForFinished(upTo(wholeMs / 2));
            return;
        }
        const auto metrics = readFile(runFolder / "metrics.jsonl");
        const auto lines = metrics ? std::count(metrics->begin(), metrics->end(), '\n') : 0;
        waitForMetrics(process, runFolder, static_cast<int>(lines) + 1 + upTo(2 * kSteps / m_kills));
        process.waitForFinished(upTo(20));
    }

    ProgramResult goOn(const TinyHome& home, const QString& name, std::uint32_t seed) const {
        if (stateOf(home, name) != "finished") return home.runner().run(wordsFor(home, name, seed));
        const auto record = readJsonFile(home.runFolder(name) / "run.json");
        ProgramResult ended;
        ended.code = 0;
        ended.out = writeJsonLine(Json{{"adapter_folder", (*record)["adapter"]}});
        return ended;
    }

    /// A run that was killed before its record was there is removed and begun again.
    static QStringList wordsFor(const TinyHome& home, const QString& name, std::uint32_t seed) {
        if (!stateOf(home, name).empty()) return {QStringLiteral("--json"), QStringLiteral("resume"), name};
        std::filesystem::remove_all(home.runFolder(name));
        return home.trainWords(name, killableRun(seed));
    }

    int m_runs = kRuns;
    int m_kills = kKills;
    unsigned m_seed = 0;
    std::mt19937 m_random;
};

QTEST_GUILESS_MAIN(TestTrainingKills)
#include "test_training_kills.moc"
