// `llamahome runs` on runs of the fake engine, by the built program.
#include <filesystem>

#include <QTest>

#include "core/file_layer.h"
#include "core/json.h"
#include "jobs/train/run_note.h"
#include "support/program_runner.h"
#include "support/trained_run.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestRunsCommand final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRootThatIsNotThereIsToldOnce() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const auto root = runner.home() / "nothere";
        const ProgramResult listed = runner.run(
            {QStringLiteral("--root"), QString::fromStdString(root.string()), QStringLiteral("runs")});
        QCOMPARE(listed.code, 0);
        const std::string told = "--root: there is no folder " + root.string();
        QVERIFY2(listed.err.find(told) != std::string::npos, listed.err.c_str());
        QCOMPARE(listed.err.find(told), listed.err.rfind(told));
        QVERIFY(!std::filesystem::exists(root));
        const ProgramResult byDefault = runner.run({QStringLiteral("runs")});
        QVERIFY2(byDefault.err.find("no folder") == std::string::npos, byDefault.err.c_str());
    }

    void aNoteThatCannotBeReadIsToldAndTheRunIsShownAllTheSame() {
        ManagerGround ground;
        const MayBlock here;
        ground.install();
        trainRun(ground, {"mine"});
        const auto note = ground.root() / "data/training/checkpoints/mine" / jobs::kRunNoteName;
        QVERIFY(writeFileAtomically(systemFiles(), note, std::string(jobs::kLongestRunNote + 1, 'x')));
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const QStringList words{QStringLiteral("--root"), QString::fromStdString(ground.root().string()),
                                QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("mine")};
        const ProgramResult shown = runner.run(words);
        QVERIFY2(shown.code == 0, shown.err.c_str());
        QVERIFY2(shown.err.find(note.string()) != std::string::npos, shown.err.c_str());
        QVERIFY2(shown.out.find("State: finished") != std::string::npos, shown.out.c_str());
        QVERIFY2(shown.out.find("Note:") == std::string::npos, shown.out.c_str());
        const ProgramResult asJson = runner.run(QStringList{QStringLiteral("--json")} + words);
        const auto json = parseJson(asJson.out, "runs show");
        QVERIFY2(json && (*json)["note"].is_null(), asJson.out.c_str());
    }

    void aRunIsRenamedAndNotedInTheShell() {
        ManagerGround ground;
        const MayBlock here;
        ground.install();
        const jobs::TrainSummary summary = trainRun(ground, {"mine"});
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const auto run = [&](QStringList words) {
            return runner.run(QStringList{QStringLiteral("--root"),
                                          QString::fromStdString(ground.root().string()),
                                          QStringLiteral("runs")} +
                              words);
        };
        const ProgramResult renamed =
            run({QStringLiteral("rename"), QStringLiteral("mine"), QStringLiteral("recipes")});
        QVERIFY2(renamed.code == 0, renamed.err.c_str());
        QVERIFY2(renamed.out.find("Run mine is now recipes.") != std::string::npos, renamed.out.c_str());
        const auto record = readFile(summary.adapterFolder / "training_record.yaml");
        QVERIFY2(record->find("recipes") != std::string::npos, record->c_str());
        const ProgramResult noted = run({QStringLiteral("note"), QStringLiteral("recipes"),
                                         QStringLiteral("with twice the rows"), QStringLiteral("--json")});
        QVERIFY2(noted.code == 0, noted.err.c_str());
        QCOMPARE((*parseJson(noted.out, "runs note"))["note"].get<std::string>(),
                 std::string("with twice the rows"));
        const ProgramResult shown = run({QStringLiteral("show"), QStringLiteral("recipes")});
        QVERIFY2(shown.out.find("Note: with twice the rows") != std::string::npos, shown.out.c_str());
        const ProgramResult bad =
            run({QStringLiteral("rename"), QStringLiteral("recipes"), QStringLiteral("a/b")});
        QCOMPARE(bad.code, 2);
        QVERIFY2(bad.err.find("rename: found 'a/b'") != std::string::npos, bad.err.c_str());
        QCOMPARE(run({QStringLiteral("rename"), QStringLiteral("mine"), QStringLiteral("x")}).code, 3);
    }

    void adviceNamesTheRootWhereTheShellWouldTakeAnother() {
        ManagerGround ground;
        const MayBlock here;
        ground.install();
        trainRun(ground, {"half", 2e-4, 4});
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const std::string root = ground.root().string();
        const QStringList show{QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("half")};
        const QStringList missing{QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("haf")};
        const QStringList named{QStringLiteral("--root"), QString::fromStdString(root)};
        const ProgramResult other = runner.run(named + show);
        QVERIFY2(other.out.find("Go on with: llamahome --root " + root + " resume half") != std::string::npos,
                 other.out.c_str());
        const ProgramResult unknown = runner.run(named + missing);
        QVERIFY2(unknown.err.find("`llamahome --root " + root + " runs`") != std::string::npos,
                 unknown.err.c_str());
        const QStringList variable{QStringLiteral("LLAMAHOME_ROOT=") + QString::fromStdString(root)};
        const ProgramResult usual = runner.run(show, {}, variable);
        QVERIFY2(usual.out.find("Go on with: llamahome resume half") != std::string::npos, usual.out.c_str());
        QVERIFY2(runner.run(missing, {}, variable).err.find("`llamahome runs`") != std::string::npos,
                 usual.err.c_str());
    }

    void aReportOfARunIsWritten() {
        ManagerGround ground;
        const MayBlock here;
        ground.install();
        trainRun(ground, {"mine"});
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const std::filesystem::path file = runner.home() / "mine.html";
        const QStringList words{QStringLiteral("--json"), QStringLiteral("--root"),
                                QString::fromStdString(ground.root().string()), QStringLiteral("runs"),
                                QStringLiteral("report")};
        const QStringList out{QStringLiteral("--out"), QString::fromStdString(file.string())};
        const ProgramResult written = runner.run(words + QStringList{QStringLiteral("mine")} + out);
        QVERIFY2(written.code == 0, written.err.c_str());
        const auto json = parseJson(written.out, "runs report");
        QVERIFY2(json && (*json)["path"] == file.string(), written.out.c_str());
        const auto html = readFile(file);
        QVERIFY(html && html->starts_with("<!DOCTYPE html>"));
        QVERIFY(html->find("smollm2/135m-instruct") != std::string::npos);
        QCOMPARE(runner.run(words + QStringList{QStringLiteral("mime")} + out).code, 3);
    }

    void anEvaluationSaysWhatDoesNotGoTogether() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const auto evaluate = [&runner](const QStringList& words) {
            return runner.run(QStringList{QStringLiteral("evaluate")} + words);
        };
        const ProgramResult neither = evaluate({});
        QCOMPARE(neither.code, 2);
        QVERIFY2(neither.err.find("--run") != std::string::npos, neither.err.c_str());
        const ProgramResult both = evaluate({QStringLiteral("--run"), QStringLiteral("x"),
                                             QStringLiteral("--system"), QStringLiteral("words")});
        QCOMPARE(both.code, 2);
        QVERIFY2(both.err.find("--system") != std::string::npos, both.err.c_str());
        QCOMPARE(evaluate({QStringLiteral("--run"), QStringLiteral("x")}).code, 3);
    }
};

QTEST_GUILESS_MAIN(TestRunsCommand)
#include "test_runs_command.moc"
