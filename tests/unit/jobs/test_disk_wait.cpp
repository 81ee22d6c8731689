// A disk that fills up while a run trains: the run waits with its state in memory, and goes on.
#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/disk_wait.h"
#include "jobs/train/run_list.h"
#include "support/full_disk.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

/// Room again after so many pauses.
void roomAfter(TrainingGround& ground, FullDisk& files, int pauses) {
    ground.controls.pause = [&ground, &files, pauses, done = 0](double seconds, const CancelToken&) mutable {
        ground.clock.advance(seconds);
        if (++done == pauses) files.setFull(false);
    };
}

bool hasHalfFiles(const std::filesystem::path& folder) {
    const auto names = namesIn(folder);
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.ends_with(".tmp") || name.ends_with(".old");
    });
}

} // namespace

class TestDiskWait final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Full before the metric of each step in turn, and before the adapter: the same run comes out.
    void aFullDiskPausesTheRunAndNothingIsLost() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        for (std::int64_t full = 1; full <= 6; ++full) {
            TrainingGround ground;
            FullDisk files;
            ground.engine.script().beforeStep = [&](std::int64_t step) { files.setFull(step == full); };
            roomAfter(ground, files, 3);
            const auto summary = ground.train(ground.plan(), files);
            QVERIFY2(summary, said(summary).c_str());
            QVERIFY(files.refusals() >= 3);
            QCOMPARE(ground.clock.monotonicSeconds(), 3 * kSecondsBetweenTries);
            QVERIFY(adapterBytes(*summary) == adapterBytes(*expected));
            QVERIFY(comparableMetrics(summary->runFolder) == comparableMetrics(expected->runFolder));
            QCOMPARE(ground.engine.history().trainedSteps.size(), std::size_t{6});
            QVERIFY(!hasHalfFiles(summary->runFolder / "checkpoints"));
        }
    }

    void theWaitIsToldWithFolderAndBytes() {
        TrainingGround ground;
        FullDisk files;
        ground.engine.script().beforeStep = [&](std::int64_t step) { files.setFull(step == 3); };
        roomAfter(ground, files, 1);
        const auto summary = ground.train(ground.plan(), files);
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(ground.sink.wasNoticed(displayPath(summary->runFolder) + " needs "));
        const auto& phases = ground.sink.phases;
        const auto waiting = std::find(phases.begin(), phases.end(), kWaitingForRoom);
        QVERIFY(waiting != phases.end() && waiting + 1 != phases.end());
        QCOMPARE(*(waiting + 1), std::string("training"));
    }

    void aFullDiskAtTheAdapterIsWaitedFor() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        FullDisk files;
        ground.engine.script().beforeToken = [&](std::size_t) {
            files.setFull(ground.engine.history().trainedSteps.size() == 6); // the answers after training
        };
        roomAfter(ground, files, 2);
        const auto summary = ground.train(ground.plan(), files);
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(ground.sink.wasNoticed(displayPath(ground.root.finetuned())));
        QVERIFY(adapterBytes(*summary) == adapterBytes(*expected));
        QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
    }

    // Nobody makes room: the program ends all the same, and the run goes on from its last checkpoint.
    void aStopEndsTheWait() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        FullDisk files;
        ground.engine.script().beforeStep = [&](std::int64_t step) { files.setFull(step == 4); };
        int pauses = 0;
        ground.controls.pause = [&](double, const CancelToken&) {
            if (++pauses == 10) ground.cancel.cancel();
        };
        const auto stopped = ground.train(ground.plan(), files);
        QVERIFY2(!stopped && stopped.error().code == codes::kDiskFull, said(stopped).c_str());
        QCOMPARE(pauses, 10 + kTriesAfterStop);
        files.setFull(false);
        const RunInfo run = *findRun(ground.root, "tiny_v1-1");
        QVERIFY(canResume(run));
        QVERIFY(!hasHalfFiles(run.path / "checkpoints"));
        ground.cancel = CancelToken();
        ground.engine.script().beforeStep = nullptr;
        const auto resumed = ground.resume(run.name);
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
    }
};

QTEST_GUILESS_MAIN(TestDiskWait)
#include "test_disk_wait.moc"
