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
