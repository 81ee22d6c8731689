#include <QSignalSpy>
#include <QTest>

#include "core/file_layer.h"
#include "managers/diagnostics_writer.h"
#include "managers/text.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;

class TestDiagnosticsWriter final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aReportHasVersionMachineAndLogAndNoSecret() {
        ManagerGround ground;
        Workspace place = ground.workspace();
        place.environment["HF_TOKEN"] = "hf_abcdefghijklmnop";
        const std::string home = ground.folder().string();
        {
            ManagerContext context(std::move(place));
            LogStore log(*context.workspace.clock);
            DiagnosticsWriter writer(context, log);
            log.sink()->write(LogLevel::Warning, "jobs", "cannot read " + home + "/data.jsonl");
            log.sink()->write(LogLevel::Info, "jobs", "asked with hf_abcdefghijklmnop");
            QTRY_COMPARE_WITH_TIMEOUT(log.lines().size(), std::size_t(2), kPatienceMs);
            QSignalSpy saved(&writer, &DiagnosticsWriter::saved);
            writer.save(pathToQt(ground.folder() / "report.txt"));
            QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, kPatienceMs);
        }
        const MayBlock here;
        const auto text = readFile(ground.folder() / "report.txt");
        QVERIFY(text);
        for (const char* part : {"LlamaHome 0.1.0", "processor: ", "memory: ", "cannot read ~/data.jsonl"})
            QVERIFY2(text->find(part) != std::string::npos, (part + (" is not in\n" + *text)).c_str());
        for (const std::string& secret : {std::string("abcdefghijklmnop"), home})
            QVERIFY2(text->find(secret) == std::string::npos, text->c_str());
        QVERIFY(ground.files.violations().empty());
    }

    void aFolderThatIsNotThereIsAnErrorOfTheJob() {
        ManagerGround ground;
        ManagerContext context(ground.workspace());
        const LogStore log(*context.workspace.clock);
        DiagnosticsWriter writer(context, log);
        QSignalSpy failed(&writer, &DiagnosticsWriter::failed);
        const Job* job = writer.save(pathToQt(ground.folder() / "gone" / "report.txt"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
        QCOMPARE(job->state(), JobState::Failed);
    }
};

QTEST_GUILESS_MAIN(TestDiagnosticsWriter)
#include "test_diagnostics_writer.moc"
