// What verification offers to put right is put right, and nothing that is broken is declared whole.
#include <QTest>

#include "core/error_codes.h"
#include "jobs/verify/repair_model.h"
#include "verify_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

Result<void> repaired(const LibraryFixture& fixture, const ModelEntry& entry, const Repair& repair) {
    const auto lock = RootLock::acquire(fixture.root());
    if (!lock) return lock.error();
    return repairModel(entry, repair, *lock, systemFiles(), {}, {});
}

} // namespace

class TestRepair final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anIndexBesideOneFileIsStaleAndIsRemoved() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / kIndex, "{}"));
        const CheckResult row = rowOf(verified(model), "index");
        QVERIFY(row.status == CheckStatus::Warned);
        QVERIFY(row.repair->kind == RepairKind::RemoveFiles);
        QCOMPARE(repairCommand(model, *row.repair), "rm " + (model.path / kIndex).string());
        QVERIFY(repaired(fixture, model, *row.repair));
        QVERIFY(!fs::exists(model.path / kIndex));
        QVERIFY(rowOf(verified(model), "index").status == CheckStatus::NotChecked);
    }

    void anIndexThatWasImportedIsTakenOffTheListToo() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / kIndex, "{}"));
        const auto listed = buildManifest(model.path, *readManifest(model.path), "first seen", {}, {});
        QVERIFY(listed && writeManifest(systemFiles(), model.path, *listed));
        const CheckResult row = rowOf(verified(model, true), "index");
        QVERIFY(row.repair && row.repair->kind == RepairKind::RemoveFiles);
        QVERIFY(repaired(fixture, model, *row.repair));
        const VerifyReport after = verified(model, true);
        QVERIFY2(after.ok, after.error ? after.error->message.c_str() : "");
        for (const CheckResult& check : after.checks)
            QVERIFY2(check.status != CheckStatus::Warned, check.name.c_str());
    }

    void eachKindOfRepairIsDoneOnce() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "LICENSE", "other terms"));
        QVERIFY(writeFileAtomically(systemFiles(), model.path / kIndex, "{}"));
        const VerifyReport report = verified(model, true);
        for (const char* name : {"files", "hashes"})
            QVERIFY(rowOf(report, name).repair->kind == RepairKind::RecordAnew);
        const std::vector<Repair> repairs = repairsOf(report);
        QCOMPARE(repairs.size(), std::size_t{2});
        QVERIFY(repairs[0].kind == RepairKind::RemoveFiles && repairs[0].files.size() == 1);
        QVERIFY(repairs[1].kind == RepairKind::RecordAnew);
        for (const Repair& repair : repairs)
            QVERIFY(repaired(fixture, model, repair));
        QVERIFY(verified(model, true).ok);
    }

    void aFileThatNobodyMayReadIsMadeReadable() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::permissions(model.path / "LICENSE", fs::perms::none);
        const CheckResult row = rowOf(verified(model), "files");
        QCOMPARE(row.code, std::string("FILE-02"));
        QVERIFY(row.repair->kind == RepairKind::MakeReadable);
        QCOMPARE(repairCommand(model, *row.repair), "chmod u+r " + (model.path / "LICENSE").string());
        QVERIFY(repaired(fixture, model, *row.repair));
        QVERIFY(verified(model, true).ok);
    }

    void aListThatIsOutOfDateIsRecordedAnew_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("content"); // empty: the file is removed
        QTest::newRow("another licence") << "LICENSE"
                                         << "other terms";
        QTest::newRow("no licence") << "LICENSE"
                                    << "";
        QTest::newRow("a damaged list") << "llamahome.json"
                                        << "{\"schema\": ";
    }

    void aListThatIsOutOfDateIsRecordedAnew() {
        QFETCH(const QString, file);
        QFETCH(const QString, content);
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::remove(model.path / file.toStdString());
        if (!content.isEmpty())
            QVERIFY(
                writeFileAtomically(systemFiles(), model.path / file.toStdString(), content.toStdString()));
        const CheckResult row = rowOf(verified(model, true), "files");
        QVERIFY(row.status == CheckStatus::Failed && row.repair->kind == RepairKind::RecordAnew);
        QCOMPARE(repairCommand(model, *row.repair),
                 std::string("llamahome verify smollm2 135m-instruct --repair"));
        const auto done = repaired(fixture, model, *row.repair);
        QVERIFY2(done, done ? "" : done.error().message.c_str());
        QVERIFY(verified(model, true).ok);
        const auto manifest = readManifest(model.path);
        QVERIFY(manifest && manifest->files.front().origin == "recorded anew");
        QCOMPARE(manifest->version, std::string("135m-instruct"));
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
    }

    void whatIsRecordedAnewIsDamagedNoMore() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "LICENSE", std::string(21, 'x')));
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "llamahome.quantised-nf4", "a cache"));
        const VerifyReport report = verified(model, true);
        keepVerdict(model, report, systemFiles());
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->state == ModelState::Damaged);
        QVERIFY(repaired(fixture, model, *rowOf(report, "hashes").repair));
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
        QVERIFY(verified(model, true).ok);
        const auto manifest = readManifest(model.path);
        for (const ManifestFile& file : manifest->files)
            QVERIFY2(!isProgramsOwn(file.path), file.path.c_str());
    }

    void whatIsBrokenIsNotRecordedAnew() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::resize_file(model.path / "LICENSE", 3);
        std::string bytes = *readFile(model.path / "model.safetensors");
        bytes[bytes.size() - 1] = '\x7F';
        bytes[bytes.size() - 2] = '\xFF';
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "model.safetensors", bytes));
        const std::string before = *readFile(model.path / "llamahome.json");
        const CheckResult hasty = rowOf(verified(model), "files"); // which has not looked at the numbers
        QVERIFY(hasty.repair->kind == RepairKind::RecordAnew);
        const auto refused = repaired(fixture, model, *hasty.repair);
        QVERIFY(!refused && refused.error().code == codes::kNonFiniteWeights);
        QCOMPARE(*readFile(model.path / "llamahome.json"), before);
        QVERIFY(rowOf(verified(model, true), "files").repair->kind == RepairKind::GetAgain);
    }

    void whatNeedsItsSourceIsLeftToThePerson() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const Repair again{RepairKind::GetAgain};
        QVERIFY(!isRepairable(again));
        QCOMPARE(repairCommand(model, again),
                 std::string("llamahome import PATH --as smollm2 135m-instruct --replace"));
        QVERIFY(!repaired(fixture, model, again));
        QVERIFY(verified(model, true).ok);
    }

    void aFailureWhileRecordingLeavesTheOldList() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::resize_file(model.path / "LICENSE", 3);
        const std::string before = *readFile(model.path / "llamahome.json");
        const Repair anew{RepairKind::RecordAnew};
        const auto lock = RootLock::acquire(fixture.root());
        FaultFileLayer failing(1, Fault::Short);
        QVERIFY(!repairModel(model, anew, *lock, failing, {}, {}));
        QCOMPARE(*readFile(model.path / "llamahome.json"), before);
    }
};

QTEST_GUILESS_MAIN(TestRepair)
#include "test_repair.moc"
