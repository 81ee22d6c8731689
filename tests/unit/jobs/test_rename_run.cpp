// A run gets another name, and its adapter goes with it; what is cut off or refused changes nothing.
#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "jobs/library/manifest.h"
#include "jobs/train/adapter_record.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/train/rename_run.h"
#include "support/fault_file_layer.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const std::string kRun = "tiny_v1-1";

Result<RunInfo> renamed(const TrainingGround& ground, const std::string& from, const std::string& to,
                        FileLayer& files = systemFiles()) {
    const auto run = findRun(ground.root, from);
    if (!run) return run.error();
    const auto lock = RootLock::acquire(ground.root);
    return lock ? renameRun(*run, to, *lock, files) : Result<RunInfo>(lock.error());
}

/// The run that the adapter names; empty where a file is not as its manifest says.
std::string runOfAdapter(const fs::path& adapter) {
    const auto manifest = readManifest(adapter);
    if (!manifest) return {};
    for (const ManifestFile& file : manifest->files)
        if (*sha256File(adapter / file.path) != file.sha256) return {};
    const std::string run = parseAdapterRecord(*readFile(adapter / kTrainingRecordName)).run;
    return run == manifest->source ? run : std::string();
}

/// A run of six steps that was stopped after three; resumed it replaces the adapter that it left.
Result<TrainSummary> stopped(TrainingGround& ground) {
    ground.engine.script().beforeStep = [&ground](std::int64_t step) {
        if (step == 4) ground.cancel.cancel();
    };
    auto summary = ground.train(ground.plan());
    ground.cancel = CancelToken();
    ground.engine.script().beforeStep = nullptr;
    return summary;
}

} // namespace

class TestRenameRun final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theAdapterNamesTheRunAndTheRunGoesOnUnderItsNewName() {
        TrainingGround ground;
        const auto before = stopped(ground);
        QVERIFY2(before, said(before).c_str());
        QCOMPARE(runOfAdapter(before->adapterFolder), kRun);
        const std::string weights = adapterBytes(*before);
        const std::string digest = readManifest(before->adapterFolder)->digest;
        const auto run = renamed(ground, kRun, "1e5");
        QVERIFY2(run, run ? "" : run.error().message.c_str());
        QCOMPARE(run->name, std::string("1e5"));
        QVERIFY(!fs::exists(ground.root.checkpoints() / kRun));
        QCOMPARE(run->record.step, std::int64_t{3});
        QCOMPARE(runOfAdapter(before->adapterFolder), std::string("1e5"));
        QVERIFY(adapterBytes(*before) == weights);
        QCOMPARE(readManifest(before->adapterFolder)->digest, digest);
        const auto resumed = ground.resume("1e5");
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(resumed->end == TrainEnd::Finished);
        QVERIFY(resumed->adapterFolder == before->adapterFolder);
        QCOMPARE(runOfAdapter(resumed->adapterFolder), std::string("1e5"));
        QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
        const auto next = ground.train(ground.plan()); // the name that is free again is another run's
        QVERIFY2(next, said(next).c_str());
        QCOMPARE(next->runName, kRun);
        QCOMPARE(runOfAdapter(resumed->adapterFolder), std::string("1e5"));
    }

    void anAdapterOfAnotherRunStaysAsItIs() {
        TrainingGround ground;
        QVERIFY(ground.train(ground.plan()));
        const auto other = ground.train(ground.plan());
        QVERIFY(other);
        QVERIFY(renamed(ground, kRun, "mine"));
        QCOMPARE(runOfAdapter(other->adapterFolder), other->runName);
    }

    void whatAPersonPutBesideAnAdapterStays() {
        TrainingGround ground;
        const auto summary = ground.train(ground.plan());
        QVERIFY(summary);
        QVERIFY(writeFileAtomically(systemFiles(), summary->adapterFolder / "README.md", "mine"));
        QVERIFY(renamed(ground, kRun, "a"));
        QCOMPARE(*readFile(summary->adapterFolder / "README.md"), std::string("mine"));
        fs::create_directory(summary->adapterFolder / "own");
        QVERIFY(renamed(ground, "a", "b"));
        QVERIFY(fs::exists(summary->adapterFolder / "own"));
        QCOMPARE(runOfAdapter(summary->adapterFolder), std::string("b"));
    }

    void badAndTakenNamesAreRefused() {
        TrainingGround ground;
        QVERIFY(ground.train(ground.plan()));
        QVERIFY(ground.train(ground.plan()));
        for (const char* name : {"", ".", "..", ".hidden", "-x", "a/b", "../out", "a b", "\xc3\xa4"}) {
            const auto run = renamed(ground, kRun, name);
            QVERIFY2(!run && run.error().code == codes::kRunName, name);
            QVERIFY2(run.error().message.starts_with("rename: "), run.error().message.c_str());
        }
        QVERIFY(renamed(ground, kRun, std::string(101, 'x')).error().code == codes::kRunName);
        const auto taken = renamed(ground, kRun, "tiny_v1-2");
        QVERIFY(taken.error().code == codes::kRunExists);
        QVERIFY2(contains(taken.error().message, "tiny_v1-2"), taken.error().message.c_str());
        QVERIFY(renamed(ground, "nobody", "x").error().code == codes::kRunUnknown);
        QVERIFY(renamed(ground, kRun, kRun)); // nothing to do
        QCOMPARE(namesIn(ground.root.checkpoints()), (std::vector<std::string>{kRun, "tiny_v1-2"}));
    }

    void aRunThatGoesOnKeepsItsName() {
        TrainingGround ground;
        bool isRefused = false;
        ground.engine.script().beforeStep = [&](std::int64_t step) {
            if (step != 3) return;
            const auto elsewhere = RootLock::acquire(ground.root); // as another process would
            isRefused = !elsewhere && elsewhere.error().code == codes::kRootLocked;
        };
        QVERIFY(ground.train(ground.plan()));
        QVERIFY(isRefused);
        const auto alive = RunFolder::open(systemFiles(), ground.root.checkpoints() / kRun);
        RunRecord record = alive->record();
        record.state = RunState::Running;
        auto writer = RunFolder::open(systemFiles(), alive->path());
        QVERIFY(writer->update(record, ground.clock));
        const auto run = renamed(ground, kRun, "other");
        QVERIFY(!run && run.error().code == codes::kRunActive);
        QCOMPARE(namesIn(ground.root.checkpoints()), (std::vector<std::string>{kRun}));
    }

    // Whatever call fails, run and adapter are whole, and name each other or come to it by a second try.
    void whateverCallFailsRunAndAdapterAreWhole() {
        for (const Fault fault : {Fault::IoError, Fault::DiskFull}) {
            for (std::uint64_t k = 1;; ++k) {
                TrainingGround ground;
                const auto summary = ground.train(ground.plan());
                QVERIFY(summary);
                FaultFileLayer files(k, fault);
                const auto run = renamed(ground, kRun, "other", files);
                const bool isRenamed = static_cast<bool>(findRun(ground.root, "other"));
                QVERIFY2(isRenamed != static_cast<bool>(findRun(ground.root, kRun)),
                         std::to_string(k).c_str());
                const std::string told = runOfAdapter(summary->adapterFolder);
                QVERIFY2(told == kRun || told == "other", std::to_string(k).c_str());
                if (!isRenamed) QVERIFY(renamed(ground, kRun, "other"));
                QCOMPARE(runOfAdapter(summary->adapterFolder), std::string("other"));
                if (run && files.calls() < k) break;
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestRenameRun)
#include "test_rename_run.moc"
