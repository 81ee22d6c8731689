#include <atomic>
#include <barrier>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/model_manager.h"
#include "managers/model_words.h"
#include "managers/session.h"
#include "managers/text.h"
#include "support/forwarding_files.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"

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

constexpr int kMemoryMib = 4096;

/// The operating system's files, held before the first file of that name is made.
class HeldFiles final : public ForwardingFiles {
public:
    explicit HeldFiles(std::string name)
        : m_name(std::move(name)) {
        gate.holdBefore(1);
    }

    StepGate gate;
    /// Once the gate is reached.
    fs::path held() const { return m_held; }

    Result<std::unique_ptr<WritableFile>> createNew(const fs::path& path) override {
        if (path.filename() == m_name && m_held.empty()) {
            m_held = path;
            gate.pass(1);
        }
        return ForwardingFiles::createNew(path);
    }

private:
    std::string m_name;
    fs::path m_held;
};

/// The ground, a context on it, and a manager whose first list is there. The memory is a set one, not the
/// machine's.
struct Place {
    explicit Place(bool isInstalled = false, FileLayer* files = nullptr) {
        if (isInstalled) ground.install();
        limitMemory(kMemoryMib);
        Workspace workspace = ground.workspace();
        if (files != nullptr) workspace.files = files;
        context.emplace(std::move(workspace));
        manager.emplace(*context);
        if (!QTest::qWaitFor([this] { return manager->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~Place() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    void limitMemory(int mib) const {
        fs::create_directories(ground.config());
        std::ofstream(ground.config() / "model_config.yaml")
            << "model: {memory: {limit_mib: " << mib << "}}\n";
    }

    ManagerGround ground;
    std::optional<ManagerContext> context;
    std::optional<ModelManager> manager;
};

/// Waits until every reading that was asked for, and one that it led to, has been taken.
bool hasReadAll(Place& place) {
    for (int round = 0; round < 3; ++round) {
        std::barrier all(FilePool::kThreads);
        std::atomic<int> passed = 0;
        for (int i = 0; i < FilePool::kThreads; ++i)
            place.context->filePool.post([&] {
                all.arrive_and_wait();
                ++passed;
            });
        if (!QTest::qWaitFor([&] { return passed == FilePool::kThreads; }, kPatienceMs)) return false;
        QCoreApplication::processEvents();
    }
    return true;
}

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
        QVERIFY(!proposal.isConverted);
        QVERIFY(proposal.resultBytes > 0);

        QSignalSpy imported(&*place.manager, &ModelManager::imported);
        Job* job = place.manager->importModel({proposal.path, kFamily, kVersion});
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
            place.manager->importModel({pathToQt(cut), QStringLiteral("local"), QStringLiteral("cut")});
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Failed);
        QVERIFY(job->error()->message.find("cut.gguf") != std::string::npos);
        QVERIFY(!fs::exists(place.ground.root() / "data/models/local/cut"));
        place.ground.install(); // shows that the list was read again since
        place.manager->refresh();
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(kName)->isUsable(), kPatienceMs);
        QVERIFY(!place.manager->find(QStringLiteral("local/cut")));
    }

    void anImportThatIsStoppedLeavesNothing() {
        HeldFiles files("model.safetensors");
        Place place(false, &files);
        Job* job = place.manager->importModel({pathToQt(place.ground.source()), kFamily, kVersion});
        const bool isHeld = QTest::qWaitFor([&] { return files.gate.isReached(); }, kPatienceMs);
        const bool hasStaging = isHeld && fs::exists(files.held().parent_path() / "config.json");
        job->cancel();
        files.gate.open();
        QVERIFY(isHeld);
        QVERIFY(hasStaging); // something of it was there
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Cancelled);
        QVERIFY(!fs::exists(place.ground.installed()));
        QVERIFY(!fs::exists(files.held().parent_path()));
    }

    void aJobThatWaitsOutlivesItsManager() {
        StepGate busy;
        busy.holdBefore(1);
        Place place;
        for (int i = 0; i < FilePool::kThreads; ++i)
            place.context->jobPool.post([&busy] { busy.pass(1); });
        auto manager = std::make_unique<ModelManager>(*place.context);
        const Job* job = manager->importModel({pathToQt(place.ground.source()), kFamily, kVersion});
        manager.reset();
        busy.open();
        QVERIFY(hasEnded(job));
        QCOMPARE(job->state(), JobState::Done);
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

    void damageThatOnlyADeepCheckSeesStaysUntilTheModelIsImportedAgain() {
        Place place(true);
        const fs::path weights = place.ground.installed() / "model.safetensors";
        {
            std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(-1, std::ios::end);
            file.put('\x01');
        }
        Job* job = place.manager->verify(kName, true);
        QVERIFY(hasEnded(job));
        QTRY_VERIFY2(job->outcome().startsWith(QStringLiteral("damaged: model.safetensors")),
                     qPrintable(job->outcome()));
        QVERIFY2(!job->outcome().contains(QStringLiteral("--")), qPrintable(job->outcome()));
        QTRY_COMPARE_WITH_TIMEOUT(place.manager->find(kName)->state, jobs::ModelState::Damaged, kPatienceMs);
        Job* shallow = place.manager->verify(kName, false);
        QVERIFY(hasEnded(shallow));
        QTRY_COMPARE(shallow->outcome(), QStringLiteral("whole"));
        QVERIFY(hasReadAll(place));
        QCOMPARE(place.manager->find(kName)->state, jobs::ModelState::Damaged);
        QSignalSpy letGo(&*place.manager, &ModelManager::removalBegins);
        Job* import = place.manager->importModel({pathToQt(place.ground.source()), kFamily, kVersion});
        QVERIFY(hasEnded(import));
        QCOMPARE(import->state(), JobState::Done);
        QCOMPARE(letGo.size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(place.manager->find(kName)->isUsable(), kPatienceMs);
        QVERIFY(place.manager->lastReport(kName) == nullptr);
    }

    void aModelThatAJobUsesIsNotReplaced() {
        Place place(true);
        Job& run = place.context->jobs.start(JobKind::Train, QStringLiteral("Training on recipes.jsonl"));
        run.setFolders({place.ground.installed()});
        Job* import =
            place.manager->importModel({pathToQt(place.ground.source()), kFamily, kVersion, false, true});
        QVERIFY(import->commandLine().endsWith(QStringLiteral("--replace")));
        QVERIFY(hasEnded(import));
        QCOMPARE(import->state(), JobState::Failed);
        QVERIFY(import->error()->code == codes::kRemoveRefused);
        run.finish({});
    }

    void whatAReportOffersIsRepaired() {
        Place place(true);
        fs::resize_file(place.ground.installed() / "LICENSE", 3);
        QVERIFY(hasEnded(place.manager->verify(kName, false)));
        const jobs::VerifyReport* report = place.manager->lastReport(kName);
        QVERIFY(report && !report->ok && report->checks.front().repair);
        Job* repair = place.manager->repair(kName, *report->checks.front().repair);
        QVERIFY(hasEnded(repair));
        QCOMPARE(repair->state(), JobState::Done);
        QVERIFY(repair->commandLine().endsWith(QStringLiteral("--repair")));
        QVERIFY(hasEnded(place.manager->verify(kName, true)));
        QVERIFY(place.manager->lastReport(kName)->ok);
        QVERIFY(place.manager->repair(QStringLiteral("no/such"), {}) == nullptr);
    }

    void noReportIsKeptOfAModelThatIsGone() {
        StepGate busy;
        busy.holdBefore(1);
        Place place(true);
        QVERIFY(hasEnded(place.manager->verify(kName, false)));
        QTRY_VERIFY(place.manager->lastReport(kName) != nullptr);
        for (int i = 0; i < FilePool::kThreads; ++i)
            place.context->jobPool.post([&busy] { busy.pass(1); });
        QSignalSpy verified(&*place.manager, &ModelManager::verified);
        Job* job = place.manager->verify(kName, false);
        fs::remove_all(place.ground.installed()); // by a shell
        place.manager->refresh();
        const bool isGone = QTest::qWaitFor(
            [&] { return place.manager->find(kName)->state == jobs::ModelState::Absent; }, kPatienceMs);
        const bool isForgotten = place.manager->lastReport(kName) == nullptr;
        busy.open();
        QVERIFY(isGone);
        QVERIFY(isForgotten);
        QVERIFY(hasEnded(job));
        QTRY_COMPARE(verified.size(), 1);
        QVERIFY(place.manager->lastReport(kName) == nullptr);
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
        Job* job = place.manager->importModel(
            {pathToQt(place.ground.source()), QStringLiteral("local"), QStringLiteral("other")});
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
        QVERIFY(hasReadAll(place));
        QCOMPARE(changed.size(), 1);
        place.manager->refresh();
        QVERIFY(hasReadAll(place));
        QCOMPARE(changed.size(), 1);
    }

    void aLittleMoreMemoryIsNotToldAndMuchMoreIs() {
        Place place;
        const auto usable = [&place](int mib) {
            place.limitMemory(mib);
            place.manager->refresh();
            if (!hasReadAll(place)) qFatal("not read");
            return place.manager->usableMemory() >> 20;
        };
        QSignalSpy changed(&*place.manager, &ModelManager::modelsChanged);
        QCOMPARE(usable(kMemoryMib + 50), std::uint64_t(kMemoryMib)); // as it was told
        QCOMPARE(changed.size(), 0);
        QCOMPARE(usable(kMemoryMib + 100), std::uint64_t(kMemoryMib + 100));
        QCOMPARE(changed.size(), 1);
    }

    void onlyJobsThatMayChangeModelsLeadToAReading() {
        Place place(true);
        QSignalSpy changed(&*place.manager, &ModelManager::modelsChanged);
        cutInHalf(place.ground.installed() / "model.safetensors");
        for (const JobKind kind : {JobKind::Inspect, JobKind::Chat, JobKind::Report})
            place.context->jobs.start(kind, QStringLiteral("x")).finish({});
        QVERIFY(hasReadAll(place));
        QCOMPARE(changed.size(), 0);
        place.context->jobs.start(JobKind::Train, QStringLiteral("x")).finish({});
        QVERIFY(hasReadAll(place));
        QCOMPARE(changed.size(), 1);
    }

    void aChangedSettingCountsForTheModels() {
        ManagerGround ground;
        Session session(ground.workspace());
        QTRY_VERIFY_WITH_TIMEOUT(session.settings.isRead() && session.models.isListed(), kPatienceMs);
        session.settings.setValue(QStringLiteral("model.memory.limit_mib"), QStringLiteral("4096"));
        QTRY_COMPARE_WITH_TIMEOUT(session.models.usableMemory(), std::uint64_t(4096) << 20, kPatienceMs);
        session.settings.setValue(QStringLiteral("model.hub.endpoint"),
                                  QStringLiteral("https://hub.example"));
        QTRY_COMPARE_WITH_TIMEOUT(session.models.hubPage(kName),
                                  QStringLiteral("https://hub.example/HuggingFaceTB/SmolLM2-135M-Instruct"),
                                  kPatienceMs);
        QVERIFY(session.models.hubPage(QStringLiteral("local/none")).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestModelManager)
#include "test_model_manager.moc"
