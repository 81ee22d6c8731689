// The power goes at every file call of a run: what is found afterwards goes on to the same adapter.
#include <QTest>

#include "support/power_loss_files.h"
#include "support/run_invariants.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

/// Two steps and their checkpoints, of which the second replaces none.
TrainPlan shortPlan(const TrainingGround& ground) {
    TrainPlan plan = ground.plan();
    plan.settings.training.validation_split = 0.0;
    plan.settings.training.max_steps = 2;
    return plan;
}

} // namespace

class TestTrainingPower final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePowerGoesAtEveryFileCall() {
        std::string expected;
        std::uint64_t calls = 0;
        {
            TrainingGround ground;
            PowerLossFiles counter(ground.root.path, 0);
            const auto summary = ground.train(shortPlan(ground), counter);
            QVERIFY2(summary, said(summary).c_str());
            expected = adapterBytes(*summary);
            calls = counter.calls();
        }
        QVERIFY(calls > 50);
        for (std::uint64_t k = 1; k <= calls; ++k)
            for (const Unflushed unflushed :
                 {Unflushed::Dropped, Unflushed::Torn, Unflushed::Zeroed, Unflushed::Kept})
                for (const bool areNamesKept : {false, true}) {
                    const std::string wrong = wrongAfter(k, unflushed, areNamesKept, expected);
                    QVERIFY2(wrong.empty(), ("call " + std::to_string(k) + ", unflushed " +
                                             std::to_string(static_cast<int>(unflushed)) + ", names " +
                                             std::to_string(areNamesKept) + ": " + wrong)
                                                .c_str());
                }
    }

private:
    static std::string wrongAfter(std::uint64_t call, Unflushed unflushed, bool areNamesKept,
                                  const std::string& expected) {
        TrainingGround ground;
        PowerLossFiles files(ground.root.path, call);
        (void)ground.train(shortPlan(ground), files);
        files.settle(unflushed, areNamesKept);
        if (const std::string broken = brokenAfterFault(ground); !broken.empty()) return broken;
        const auto runs = listRuns(ground.root);
        if (!runs.empty() && runs.front().record.startedAt.empty()) {
            const auto lock = RootLock::acquire(ground.root);
            if (!removeRun(*planRunRemoval(runs.front()), *lock, systemFiles()))
                return "it cannot be removed";
        }
        return notTheSameInTheEnd(ground, shortPlan(ground), expected);
    }
};

QTEST_GUILESS_MAIN(TestTrainingPower)
#include "test_training_power.moc"
