#include <QTest>

#include "core/error_codes.h"
#include "jobs/library/data_root.h"
#include "jobs/library/root_lock.h"
#include "jobs/library/samples.h"
#include "jobs/library/shipped_files.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

void writeText(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

} // namespace

class TestDataRoot final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theOptionWinsThenTheVariableThenTheSettingThenThePlatform() {
        const config::Environment all{
            {"LLAMAHOME_ROOT", "/from/variable"}, {"XDG_DATA_HOME", "/xdg"}, {"HOME", "/home/me"}};
        QCOMPARE(resolveDataRoot("/from/option", all, "/from/setting")->path, fs::path("/from/option"));
        QCOMPARE(resolveDataRoot({}, all, "/from/setting")->path, fs::path("/from/variable"));
        const config::Environment xdg{{"XDG_DATA_HOME", "/xdg"}, {"HOME", "/home/me"}};
        QCOMPARE(resolveDataRoot({}, xdg, "/from/setting")->path, fs::path("/from/setting"));
        QCOMPARE(resolveDataRoot({}, xdg, "")->path, fs::path("/xdg/llamahome"));
        QCOMPARE(resolveDataRoot({}, {{"HOME", "/home/me"}}, "")->path,
                 fs::path("/home/me/.local/share/llamahome"));
    }

    void aRelativeRootBecomesAbsoluteAndItsSpellingDoesNotCount() {
        QCOMPARE(resolveDataRoot("some/./folder/", {}, "")->path, fs::current_path() / "some/folder");
        QCOMPARE(resolveDataRoot("/a/b/../c//", {}, "")->path, fs::path("/a/c"));
    }

    void withoutAHomeTheErrorSaysWhatToSet() {
        const auto root = resolveDataRoot({}, {}, "");
        QVERIFY(root.error().code == codes::kRootUnknown);
        QVERIFY(names(root.error(), {"HOME", "--root", "LLAMAHOME_ROOT"}));
    }

    void aFileIsNoRoot() {
        const TemporaryFolder folder;
        writeText(folder / "file", "x");
        const auto root = resolveDataRoot({}, {{"LLAMAHOME_ROOT", (folder / "file").string()}}, "");
        QVERIFY(root.error().code == codes::kRootNoFolder);
        QVERIFY(names(root.error(), {"LLAMAHOME_ROOT", (folder / "file").string()}));
    }

    void foldersAreMadeOnDemandAndAFullDiskIsNamed() {
        const TemporaryFolder folder;
        const DataRoot root{folder / "root"};
        FaultFileLayer full(2, Fault::DiskFull);
        QVERIFY(createDataFolders(full, root).error().code == codes::kDiskFull);
        QVERIFY(createDataFolders(systemFiles(), root));
        for (const fs::path& made : {root.finetuned(), root.samples(), root.processed(), root.checkpoints()})
            QVERIFY(fs::is_directory(made));
    }

    void theSecondWriterIsRefusedAndToldWhoHoldsTheRoot() {
        const LibraryFixture fixture;
        {
            const auto first = RootLock::acquire(fixture.root());
            QVERIFY(first);
            const auto second = RootLock::acquire(fixture.root());
            QVERIFY(second.error().code == codes::kRootLocked);
            QCOMPARE(second.error().code.errorClass, ErrorClass::Refused);
            QVERIFY(names(second.error(),
                          {fixture.root().path.string(), "process " + std::to_string(::getpid())}));
        }
        QVERIFY(RootLock::acquire(fixture.root()));
    }

    void theLockOfAKilledProcessIsGone() {
        const LibraryFixture fixture;
        const bool killed = isKilledDuring([&] {
            const auto lock = RootLock::acquire(fixture.root());
            if (lock) ::raise(SIGKILL);
        });
        QVERIFY(killed);
        QVERIFY(RootLock::acquire(fixture.root()));
    }

    void aMovedLockHoldsAndAnAssignedOneKeepsItsRoot() {
        const LibraryFixture fixture;
        auto first = RootLock::acquire(fixture.root());
        const RootLock moved = std::move(*first);
        QCOMPARE(moved.root().path, fixture.root().path);
        QVERIFY(!RootLock::acquire(fixture.root()));
    }

    void aRootThatCannotBeMadeIsRefused() {
        const TemporaryFolder folder;
        writeText(folder / "file", "x");
        QVERIFY(!RootLock::acquire({folder / "file" / "root"}));
    }

    void shippedFilesAreFoundInTheBuildTreeAndWhereTheyAreInstalled() {
        const auto here = findShippedFiles();
        QVERIFY(here);
        QVERIFY(fs::equivalent(here->folder, LLAMAHOME_SOURCE_DIR));
        QVERIFY(fs::exists(here->samples() / "gsm8k_450.jsonl"));
        const TemporaryFolder folder;
        writeText(folder / "usr/share/llamahome/.config/models.json", "{}");
        const auto installed = findShippedFiles(folder / "usr/bin/llamahome");
        QVERIFY(installed);
        QCOMPARE(installed->folder, folder / "usr/share/llamahome");
    }

    void missingShippedFilesAreAnErrorThatListsWhereTheyWereLookedFor() {
        const TemporaryFolder folder;
        const auto found = findShippedFiles(folder / "usr/bin/llamahome");
        QVERIFY(found.error().code == codes::kShippedFiles);
        QVERIFY(found.error().detail.find((folder / "usr/share/llamahome").string()) != std::string::npos);
    }

    void samplesAppearOnceAndAnOwnFileOfThatNameStays() {
        const LibraryFixture fixture;
        const auto shipped = findShippedFiles();
        writeText(fixture.root().samples() / "README.md", "my own words");
        QVERIFY(installSamples(systemFiles(), *shipped, fixture.root()));
        const auto samples = listSamples(fixture.root());
        QCOMPARE(samples.size(), std::size_t{1});
        QCOMPARE(*readFile(samples.front()), *readFile(shipped->samples() / "gsm8k_450.jsonl"));
        QCOMPARE(*readFile(fixture.root().samples() / "README.md"), std::string("my own words"));
        FaultFileLayer counter;
        QVERIFY(installSamples(counter, *shipped, fixture.root()));
        QCOMPARE(counter.calls(), std::uint64_t{1}); // the folder alone: nothing is copied again
    }

    void aSampleIsWholeOrNotThereWhateverCallFails() {
        const auto shipped = findShippedFiles();
        FaultFileLayer counter;
        {
            const LibraryFixture fixture;
            QVERIFY(installSamples(counter, *shipped, fixture.root()));
        }
        QVERIFY(counter.calls() > 10);
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            const TemporaryFolder folder;
            const DataRoot root{folder / "root"};
            FaultFileLayer layer(k, Fault::Short);
            QVERIFY(!installSamples(layer, *shipped, root));
            for (const fs::path& sample : listSamples(root))
                QCOMPARE(*readFile(sample), *readFile(shipped->samples() / sample.filename()));
        }
    }

    void aRootIsNamedOnlyWhereACommandWouldComeToAnother() {
        const config::Environment home{{"HOME", "/home/me"}};
        const auto usual = resolveDataRoot({}, home, {});
        QVERIFY(usual);
        QVERIFY(rootWords(*usual, home, {}).empty());
        QVERIFY(
            (rootWords(*usual, home, "/other") == std::vector<std::string>{"--root", usual->path.string()}));
        QVERIFY(rootWords({"/other"}, home, "/other").empty());
        const config::Environment variable{{"HOME", "/home/me"}, {"LLAMAHOME_ROOT", "/root/of/mine"}};
        QVERIFY(rootWords({"/root/of/mine"}, variable, "/other").empty());
        QVERIFY((rootWords({"/x"}, {}, {}) == std::vector<std::string>{"--root", "/x"}));
    }
};

QTEST_GUILESS_MAIN(TestDataRoot)
#include "test_data_root.moc"
