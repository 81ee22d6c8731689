#include <fstream>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/model_manager.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const QString kName = QStringLiteral("smollm2/135m-instruct");
const QString kFamily = QStringLiteral("smollm2");
const QString kVersion = QStringLiteral("135m-instruct");

void append(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

void cutInHalf(const fs::path& path) {
    fs::resize_file(path, fs::file_size(path) / 2);
}

std::uint64_t bytesIn(const fs::path& folder) {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) bytes += entry.file_size();
    return bytes;
}

/// The ground, a context on it, and a manager whose first list is there.
struct Place {
    explicit Place(bool isInstalled = false) {
        if (isInstalled) ground.install();
        context.emplace(ground.workspace());
        manager.emplace(*context);
        if (!QTest::qWaitFor([this] { return manager->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~Place() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    ManagerGround ground;
    std::optional<ManagerContext> context;
    std::optional<ModelManager> manager;
};

bool hasEnded(const Job* job) {
    return QTest::qWaitFor([job] { return !job->isActive(); }, kPatienceMs);
}

} // namespace

class TestModelManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knownModelsAreListedWithWhatTheyNeed() {
        Place place;
        const auto entry = place.manager->find(kName);
        QVERIFY(entry);
        QCOMPARE(entry->state, jobs::ModelState::Absent);
        QVERIFY(place.manager->usableMemory() > 0);
        QVERIFY(place.manager->chatVerdict(*entry).neededBytes > 0);
        QVERIFY(place.manager->facts(kName).parameters > 100'000'000U);
        QVERIFY(place.manager->facts(kName).contextTokens > 0);
        QVERIFY(!place.manager->hasUsableModel());
    }

    void whatNeedsMoreMemoryThanThereIsDoesNotFit() {
        Place place;
        const auto huge = place.manager->find(QStringLiteral("llama/3.1-405b"));
        QVERIFY(huge);
        const Verdict verdict = place.manager->trainVerdict(*huge);
        QCOMPARE(verdict.fit, Fit::TooLarge);
        QCOMPARE(verdict.shortBytes, verdict.neededBytes - place.manager->usableMemory());
        QVERIFY(verdictText(verdict).contains(QStringLiteral("short")));
    }

    void bundledSamplesAreInTheRootAtTheFirstStart() {
        Place place;
        const fs::path samples = jobs::DataRoot{place.ground.root()}.samples();
        QTRY_VERIFY_WITH_TIMEOUT(fs::exists(samples) && !fs::is_empty(samples), kPatienceMs);
        QVERIFY(place.ground.files.calls() > 0);
    }

    void aFolderIsProposedUnderItsOwnNameAndImported() {
        Place place;
        QSignalSpy proposed(&*place.manager, &ModelManager::importProposed);
        ImportProposal proposal;
        connect(&*place.manager, &ModelManager::importProposed, this,
                [&](const ImportProposal& one) { proposal = one; });
        place.manager->inspectImport(pathToQt(place.ground.source()));
        QTRY_COMPARE_WITH_TIMEOUT(proposed.size(), 1, kPatienceMs);
        QCOMPARE(proposal.family, QStringLiteral("local"));
        QCOMPARE(proposal.version, QStringLiteral("tiny"));
        QVERIFY(!proposal.isGguf);
        QVERIFY(proposal.resultBytes > 0);

        QSignalSpy imported(&*place.manager, &ModelManager::imported);
        Job* job = place.manager->importModel(proposal.path, kFamily, kVersion, false);
        QVERIFY(job->commandLine().endsWith(QStringLiteral(" --as smollm2 135m-instruct")));
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Done);
        QTRY_COMPARE(imported.size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(kName)->isUsable(), kPatienceMs);
        QVERIFY(place.manager->hasUsableModel());
        QVERIFY(place.ground.files.calls() > 0);
    }

    void whatIsNoModelIsRefusedWithTheReason() {
        Place place;
        fs::create_directory(place.ground.folder() / "photos");
        std::optional<Error> refusal;
        connect(&*place.manager, &ModelManager::importRefused, this,
                [&](const QString&, const Error& error) { refusal = error; });
        place.manager->inspectImport(pathToQt(place.ground.folder() / "photos"));
        QTRY_VERIFY_WITH_TIMEOUT(refusal.has_value(), kPatienceMs);
        QVERIFY(refusal->code == codes::kImportSource);
    }

    void namesAreCheckedAsTheyAreTyped() {
        Place place;
        ImportProposal proposal;
        proposal.source.suggestedName = "tiny";
        const auto check = [&](const char* family, const char* version) {
            return place.manager->importName(proposal, QString::fromUtf8(family), QString::fromUtf8(version));
        };
        QVERIFY(check("local", "my-model"));
        QCOMPARE(check("SmolLM2", "135m-instruct")->family, QStringLiteral("smollm2"));
        QVERIFY(!check("local", "../outside"));
        QVERIFY(!check("local", ""));
        QVERIFY(!check("finetuned", "x"));
        const auto near = check("smolm2", "135m");
        QVERIFY(!near);
        QVERIFY(near.error().message.find("smollm2") != std::string::npos);
    }

    void ofAnImportOfACutFileNothingStays() {
        Place place;
        const fs::path cut = place.ground.folder() / "cut.gguf";
        fs::copy_file(fs::path(LLAMAHOME_TEST_DATA) / "formats/tiny.gguf", cut);
        cutInHalf(cut);
        Job* job =
            place.manager->importModel(pathToQt(cut), QStringLiteral("local"), QStringLiteral("cut"), false);
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Failed);
        QVERIFY(job->error()->message.find("cut.gguf") != std::string::npos);
        QVERIFY(!fs::exists(place.ground.root() / "data/models/local/cut"));
        place.manager->refresh();
        QTest::qWait(0);
        QVERIFY(!place.manager->find(QStringLiteral("local/cut")));
    }

    void anImportThatIsStoppedLeavesNothing() {
        Place place;
        Job* job = place.manager->importModel(pathToQt(place.ground.source()), kFamily, kVersion, false);
        job->cancel();
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Cancelled);
        QVERIFY(!fs::exists(place.ground.installed()));
    }

    void aWholeModelPassesEveryCheck() {
        Place place(true);
        QSignalSpy verified(&*place.manager, &ModelManager::verified);
        Job* job = place.manager->verify(kName, true);
        QVERIFY(job);
        QVERIFY(hasEnded(job));
        QTRY_COMPARE(verified.size(), 1);
        const jobs::VerifyReport* report = place.manager->lastReport(kName);
        QVERIFY(report);
        QVERIFY(report->ok);
        QVERIFY(report->checks.size() >= 5);
        QVERIFY(job->commandLine().endsWith(QStringLiteral("verify smollm2 135m-instruct --deep")));
    }

    void aCutModelIsDamagedAndItsReportSaysWhere() {
        Place place(true);
        cutInHalf(place.ground.installed() / "model.safetensors");
        Job* job = place.manager->verify(kName, false);
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Done);
        QTRY_VERIFY(place.manager->lastReport(kName) != nullptr);
        QVERIFY(!place.manager->lastReport(kName)->ok);
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->find(kName)->state, jobs::ModelState::Damaged, kPatienceMs);
        QVERIFY(stateSentence(*place.manager->find(kName)).contains(QStringLiteral("model.safetensors")));
    }

    void removalFreesExactlyWhatItSaidAndLeavesForeignFiles() {
        Place place(true);
        append(place.ground.installed() / "my notes.txt", "keep me");
        std::optional<jobs::RemovalPlan> plan;
        connect(&*place.manager, &ModelManager::removalPlanned, this,
                [&](const QString&, const jobs::RemovalPlan& one) { plan = one; });
        place.manager->planRemoval(kName);
        QTRY_VERIFY_WITH_TIMEOUT(plan.has_value(), kPatienceMs);
        QCOMPARE(plan->foreign, std::vector<std::string>{"my notes.txt"});

        const std::uint64_t before = bytesIn(place.ground.installed());
        QSignalSpy removed(&*place.manager, &ModelManager::removed);
        QVERIFY(hasEnded(place.manager->remove(*plan)));
        QTRY_COMPARE(removed.size(), 1);
        QCOMPARE(removed.front().at(1).toULongLong(), qulonglong(plan->freedBytes));
        QCOMPARE(before - bytesIn(place.ground.installed()), plan->freedBytes);
        QVERIFY(fs::exists(place.ground.installed() / "my notes.txt"));
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->find(kName)->state, jobs::ModelState::Absent, kPatienceMs);
    }

    void aJobWaitsForNobodyWhenAnotherProcessHoldsTheRoot() {
        Place place(true);
        const auto lock = jobs::RootLock::acquire({place.ground.root()});
        QVERIFY(lock);
        Job* job = place.manager->importModel(pathToQt(place.ground.source()), QStringLiteral("local"),
                                              QStringLiteral("other"), false);
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Failed);
        QVERIFY(job->error()->code == codes::kRootLocked);
    }

    void commandsNameTheRootWhereTheShellWouldTakeAnother() {
        Place place;
        const QString command = place.manager->verifyCommand(kName, false);
        QCOMPARE(command, QStringLiteral("llamahome --root %1 verify smollm2 135m-instruct")
                              .arg(pathToQt(place.ground.root())));
    }

    void askedForManyTimesTheListIsReadAndToldOnlyWhereItDiffers() {
        Place place;
        QSignalSpy changed(&*place.manager, &ModelManager::modelsChanged);
        place.ground.install();
        for (int i = 0; i < 20; ++i)
            place.manager->refresh();
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(kName)->isUsable(), kPatienceMs);
        QVERIFY(changed.size() <= 3);
    }
};

QTEST_GUILESS_MAIN(TestModelManager)
#include "test_model_manager.moc"
