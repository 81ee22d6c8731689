// Further folders with models: what is listed of them, there and away, and moving a model between drives.
#include <fstream>

#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/library_folders.h"
#include "jobs/library/move_model.h"
#include "jobs/library/remove_model.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/run_list.h"
#include "jobs/verify/file_checks.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// A root with a library on "another drive": a folder that can be taken away.
struct Ground {
    Ground() { fs::create_directories(drive); }

    DataRoot root() const { return {fixture.root().path, {drive}}; }
    Library library() const { return {root(), fixture.catalog()}; }
    ModelEntry model() const { return *library().find("smollm2", "135m-instruct"); }
    fs::path own() const { return fixture.installed(); }
    fs::path moved() const { return drive / "smollm2" / "135m-instruct"; }

    /// `copies`: as if the drives were two.
    Result<MoveResult> move(const fs::path& place, bool copies, FileLayer& files = systemFiles(),
                            const CancelToken& cancel = {}) const {
        auto plan = planMove(root(), model(), place);
        if (!plan) return plan.error();
        if (copies) plan->isRename = false;
        const auto lock = RootLock::acquire(root());
        if (!lock) return lock.error();
        return moveModel(*plan, *lock, files, systemClock(), cancel, {});
    }
    /// The model is whole and usable where the library finds it.
    void checkUsable() const {
        const ModelEntry entry = model();
        QVERIFY2(entry.isUsable(), entry.problem.c_str());
        const auto manifest = readManifest(entry.path);
        QVERIFY(manifest && checkHashes(entry.path, *manifest, {}, {}).empty());
    }
    /// A run on the model that could go on.
    void addRun() const {
        RunRecord record;
        record.family = "smollm2";
        record.version = "135m-instruct";
        record.modelFolder = own();
        auto run = RunFolder::create(systemFiles(), root().checkpoints(), "mine", {}, record, systemClock());
        QVERIFY2(run, run ? "" : run.error().message.c_str());
        record = run->record();
        record.state = RunState::Stopped;
        QVERIFY(run->update(record, systemClock()));
    }
    fs::path modelOfRun() const { return findRun(root(), "mine")->record.modelFolder; }
    void takeDriveAway() const { fs::rename(drive, away); }
    void bringDriveBack() const { fs::rename(away, drive); }

    LibraryFixture fixture;
    fs::path drive = fixture.folder() / "drive";
    fs::path away = fixture.folder() / "drawer";
};

const char* messageOf(const Result<MoveResult>& result) {
    return result ? "" : result.error().message.c_str();
}

} // namespace

class TestMove final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aModelMovesThereAndBack_data() {
        QTest::addColumn<bool>("copies");
        QTest::newRow("one drive") << false;
        QTest::newRow("two drives") << true;
    }
    void aModelMovesThereAndBack() {
        QFETCH(bool, copies);
        const Ground ground;
        const ModelEntry before = ground.fixture.importedModel();
        const auto manifest = readManifest(before.path);
        const auto there = ground.move(ground.drive, copies);
        QVERIFY2(there, messageOf(there));
        QCOMPARE(there->copiedBytes, copies ? manifest->totalBytes() : std::uint64_t{0});
        QVERIFY(!isThere(before.path.parent_path()));
        QCOMPARE(ground.model().path, ground.moved());
        QCOMPARE(readManifest(ground.moved())->digest, manifest->digest);
        ground.checkUsable();
        const auto back = ground.move(ground.root().path, copies);
        QVERIFY2(back, messageOf(back));
        QCOMPARE(ground.model().path, ground.own());
        QVERIFY(!isThere(ground.moved().parent_path()));
        ground.checkUsable();
    }

    void aDriveThatIsAwayKeepsItsEntries() {
        const Ground ground;
        ground.fixture.importedModel();
        QVERIFY(ground.move(ground.drive, true));
        ground.takeDriveAway();
        const ModelEntry entry = ground.model();
        QCOMPARE(entry.state, ModelState::Offline);
        QCOMPARE(entry.path, ground.moved());
        QVERIFY(entry.sizeBytes > 0);
        QVERIFY(entry.problem.find(ground.drive.string()) != std::string::npos);
        const auto removal = planRemoval(ground.root(), entry);
        QVERIFY(!removal);
        QCOMPARE(removal.error().code, codes::kModelOffline);
        QVERIFY(rememberPlaces(systemFiles(), ground.root())); // nothing is forgotten meanwhile
        QCOMPARE(ground.model().state, ModelState::Offline);
        ground.bringDriveBack();
        ground.checkUsable();
    }

    void anotherDriveAtItsPathIsNotTakenForIt() {
        const Ground ground;
        ground.fixture.importedModel();
        QVERIFY(ground.move(ground.drive, true));
        ground.takeDriveAway();
        fs::create_directories(ground.drive / "somebody's");
        QCOMPARE(ground.model().state, ModelState::Offline);
        const auto places = modelPlaces(ground.root());
        QCOMPARE(places.size(), std::size_t{2});
        QVERIFY(places[1].isAway && !places[1].freeBytes);
        const auto refused = claimPlace(systemFiles(), ground.root(), ground.drive);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, codes::kModelOffline);
        QVERIFY(fs::exists(ground.drive / "somebody's"));
    }

    void aFolderThatIsOnlyReadIsSearchedAndRemembered() {
        const Ground ground;
        ground.fixture.importedModel();
        fs::create_directories(ground.moved().parent_path());
        fs::rename(ground.own(), ground.moved()); // by hand: no mark is written
        ground.checkUsable();
        QCOMPARE(ground.model().path, ground.moved());
        QVERIFY(rememberPlaces(systemFiles(), ground.root()));
        QVERIFY(!isThere(ground.drive / ".llamahome-library.json"));
        ground.takeDriveAway();
        fs::create_directories(ground.drive); // where it was mounted
        QCOMPARE(ground.model().state, ModelState::Offline);
    }

    void theListHasEachModelOnce() {
        const Ground ground;
        ground.fixture.importedModel();
        fs::create_directories(ground.moved().parent_path());
        fs::copy(ground.own(), ground.moved().parent_path() / "elsewhere", fs::copy_options::recursive);
        fs::copy(ground.own(), ground.moved(), fs::copy_options::recursive);
        int found = 0;
        bool isOtherThere = false;
        for (const ModelEntry& entry : ground.library().list()) {
            found += entry.family == "smollm2" && entry.version == "135m-instruct";
            isOtherThere = isOtherThere || (entry.version == "elsewhere" && entry.isUsable());
        }
        QCOMPARE(found, 1);
        QVERIFY(isOtherThere);
        QCOMPARE(ground.model().path, ground.own()); // the root's comes first
    }

    void anImportKnowsTheModelsOfOtherDrives() {
        const Ground ground;
        ground.fixture.importedModel();
        QVERIFY(ground.move(ground.drive, true));
        const auto lock = RootLock::acquire(ground.root());
        QVERIFY(lock);
        const auto again = [&](const fs::path& source) {
            ImportRequest request = ground.fixture.request();
            request.source = source;
            return importModel(request, *lock, ground.fixture.catalog(), systemFiles(), {}, {});
        };
        const auto same = again(ground.fixture.source());
        QVERIFY2(same, same ? "" : same.error().message.c_str());
        QVERIFY(same->wasThere);
        const fs::path other = ground.fixture.folder() / "other";
        writeTinyModel(other, tinyConfig(), 7);
        const auto taken = again(other);
        QVERIFY(!taken);
        QCOMPARE(taken.error().code, codes::kImportExists);
        ground.takeDriveAway();
        const auto away = again(ground.fixture.source());
        QVERIFY(!away);
        QCOMPARE(away.error().code, codes::kImportExists);
        QVERIFY(!isThere(ground.own()));
    }

    void whatCannotBeMovedIsRefused() {
        const Ground ground;
        const auto absent = planMove(ground.root(), ground.model(), ground.drive);
        QVERIFY(!absent);
        QCOMPARE(absent.error().code, codes::kModelNotInstalled);
        ground.fixture.importedModel();
        const auto strange = planMove(ground.root(), ground.model(), ground.fixture.folder());
        QVERIFY(!strange);
        QCOMPARE(strange.error().code, codes::kModelWords);
        QVERIFY(strange.error().message.find(ground.drive.string()) != std::string::npos);
        QCOMPARE(planMove(ground.root(), ground.model(), ground.root().path).error().code,
                 codes::kImportExists);
        std::ofstream(ground.own() / "mine.txt") << "mine";
        QCOMPARE(planMove(ground.root(), ground.model(), ground.drive).error().code, codes::kRemoveRefused);
        fs::remove(ground.own() / "mine.txt");
        fs::create_directories(ground.moved());
        QCOMPARE(planMove(ground.root(), ground.model(), ground.drive).error().code, codes::kImportExists);
        fs::remove(ground.moved());
        fs::remove(ground.moved().parent_path());
        ground.takeDriveAway();
        QCOMPARE(planMove(ground.root(), ground.model(), ground.drive).error().code, codes::kModelOffline);
        ground.checkUsable();
    }

    void aLinkedModelIsCopiedAndWhatItNamesStays() {
        const Ground ground;
        ImportRequest request = ground.fixture.request();
        request.link = true;
        QVERIFY(ground.fixture.import(request));
        const auto moved = ground.move(ground.drive, false);
        QVERIFY2(moved, messageOf(moved));
        QVERIFY(moved->copiedBytes > 0);
        for (const auto& entry : fs::directory_iterator(ground.moved()))
            QVERIFY(!fs::is_symlink(entry.symlink_status()));
        QVERIFY(isThere(ground.fixture.source() / "model.safetensors"));
        ground.checkUsable();
    }

    void aHardLinkedFileIsLeftWhole() {
        const Ground ground;
        ground.fixture.importedModel();
        const fs::path twin = ground.fixture.folder() / "twin";
        fs::create_hard_link(ground.own() / "model.safetensors", twin);
        const auto hash = sha256File(twin);
        QVERIFY(ground.move(ground.drive, true));
        QCOMPARE(*sha256File(twin), *hash);
        ground.checkUsable();
    }

    void damageIsNotCarriedToAnotherDrive() {
        const Ground ground;
        ground.fixture.importedModel();
        {
            std::fstream file(ground.own() / "model.safetensors",
                              std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(-3, std::ios::end);
            file.put('!');
        }
        const auto moved = ground.move(ground.drive, true);
        QVERIFY(!moved);
        QCOMPARE(moved.error().code, codes::kHashMismatch);
        QVERIFY(!isThere(ground.moved()));
        QVERIFY(isThere(ground.own() / kManifestName));
    }

    void aFullDriveIsKnownBeforeTheFirstByteAndACancelLeavesNothing() {
        const Ground ground;
        ground.fixture.importedModel();
        auto plan = planMove(ground.root(), ground.model(), ground.drive);
        QVERIFY(plan);
        plan->isRename = false;
        plan->bytes = ~0ULL >> 1;
        const auto lock = RootLock::acquire(ground.root());
        QVERIFY(lock);
        const auto full = moveModel(*plan, *lock, systemFiles(), systemClock(), {}, {});
        QVERIFY(!full);
        QCOMPARE(full.error().code, codes::kDiskFull);
        const CancelToken cancel;
        cancel.cancel();
        plan->bytes = 0;
        const auto stopped = moveModel(*plan, *lock, systemFiles(), systemClock(), cancel, {});
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, codes::kCancelled);
        QVERIFY(findLeftovers(ground.root()).empty());
        ground.checkUsable();
    }

    /// After a fault at any call the model is usable in one place, and the same move ends well, for the runs
    /// on it as well.
    void aFaultAtAnyFileCallLosesNothing_data() {
        QTest::addColumn<bool>("copies");
        QTest::addColumn<int>("fault");
        for (const bool copies : {false, true})
            for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short, Fault::Kill})
                QTest::addRow("%d %d", copies, static_cast<int>(fault)) << copies << static_cast<int>(fault);
    }
    void aFaultAtAnyFileCallLosesNothing() {
        QFETCH(bool, copies);
        QFETCH(int, fault);
        std::uint64_t calls = 1;
        for (std::uint64_t k = 1; k <= calls; ++k) {
            const Ground ground;
            ground.fixture.importedModel();
            ground.addRun();
            if (k == 1) {
                const Ground whole;
                whole.fixture.importedModel();
                whole.addRun();
                FaultFileLayer counting;
                QVERIFY(whole.move(whole.drive, copies, counting));
                calls = counting.calls();
            }
            FaultFileLayer files(k, static_cast<Fault>(fault));
            if (static_cast<Fault>(fault) == Fault::Kill)
                QVERIFY(isKilledDuring([&] { (void)ground.move(ground.drive, copies, files); }));
            else
                (void)ground.move(ground.drive, copies, files);
            ground.checkUsable();
            if (static_cast<Fault>(fault) != Fault::Kill) QVERIFY(isThere(ground.modelOfRun()));
            if (ground.model().path == ground.own()) {
                const auto again = ground.move(ground.drive, copies);
                QVERIFY2(again, messageOf(again));
            } else { // it is there; what is left of the old place goes with the next change
                const auto lock = RootLock::acquire(ground.root());
                QVERIFY(lock);
                clearLeftovers(*lock, systemFiles());
            }
            QCOMPARE(ground.model().path, ground.moved());
            QCOMPARE(ground.modelOfRun(), ground.moved());
            ground.checkUsable();
            QVERIFY(findLeftovers(ground.root()).empty());
            QVERIFY(!isThere(ground.own()) || fs::is_empty(ground.own())); // a name that is free
        }
        QVERIFY(calls > 3);
    }
};

QTEST_GUILESS_MAIN(TestMove)
#include "test_move.moc"
