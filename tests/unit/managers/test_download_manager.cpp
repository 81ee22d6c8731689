// Downloads as the window starts them: jobs of their own, the list follows, other work goes on.
#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/download_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "support/hub_server.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;

namespace {

constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";
const QString kTiny = QStringLiteral("smollm2/135m-instruct");

struct Place {
    Place() {
        const MayBlock here;
        hub.addFolder(kTinyId, ground.source());
        ground.variables["HF_ENDPOINT"] = hub.endpoint();
        context.emplace(ground.workspace());
        settings.emplace(*context);
        waitFor([this] { return settings->isRead(); });
        models.emplace(*context);
        downloads.emplace(*context, *settings);
        waitFor([this] { return models->isListed(); });
    }
    ~Place() {
        for (Job* job : context->jobs.activeJobs())
            job->cancel();
    }
    template <typename Condition>
    static void waitFor(Condition condition) {
        if (!QTest::qWaitFor(condition, kPatienceMs)) qFatal("waited in vain");
    }
    /// Until it has ended and the list has followed.
    JobState ended(Job* job) {
        waitFor([job] { return !job->isActive(); });
        return job->state();
    }
    jobs::ModelState stateOf(const QString& name) const {
        const auto entry = models->find(name);
        return entry ? entry->state : jobs::ModelState::Absent;
    }

    ManagerGround ground;
    HubServer hub;
    std::optional<ManagerContext> context;
    std::optional<SettingsManager> settings;
    std::optional<ModelManager> models;
    std::optional<DownloadManager> downloads;
};

} // namespace

class TestDownloadManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aModelArrivesAndTheListHasIt() {
        Place place;
        QSignalSpy arrived(&*place.downloads, &DownloadManager::downloaded);
        Job* job = place.downloads->download(kTiny);
        QVERIFY(job != nullptr);
        QCOMPARE(job->kind(), JobKind::Download);
        QCOMPARE(DownloadManager::nameOf(*job), kTiny);
        QCOMPARE(job->commandLine(), QStringLiteral("llamahome download smollm2/135m-instruct"));
        QCOMPARE(place.downloads->jobOf(kTiny), job);
        QCOMPARE(place.downloads->download(kTiny), job); // it is under way
        QCOMPARE(place.ended(job), JobState::Done);
        QCOMPARE(arrived.size(), 1);
        QVERIFY(place.downloads->jobOf(kTiny) == nullptr);
        Place::waitFor([&] { return place.stateOf(kTiny) == jobs::ModelState::Verified; });
        QVERIFY2(place.ground.files.violations().empty(), "the GUI thread waits for no file");
    }

    void aHubIdIsEnough() {
        Place place;
        place.hub.models["org/tiny"] = place.hub.models[kTinyId];
        QCOMPARE(place.ended(place.downloads->download(QStringLiteral("org/tiny"))), JobState::Done);
        Place::waitFor(
            [&] { return place.stateOf(QStringLiteral("org/tiny")) == jobs::ModelState::Verified; });
    }

    void whatWasStoppedIsPartialInTheListAndGoesOn() {
        Place place;
        place.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (request.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
            return ServedAnswer{
                "HTTP/1.1 200 -\r\nContent-Length: " +
                    std::to_string(place.hub.models[kTinyId].files["model.safetensors"].size()) + "\r\n\r\n",
                ServedAnswer::Then::Silence};
        };
        Job* job = place.downloads->download(kTiny);
        Place::waitFor([&] { return !place.hub.storeRequests().empty(); });
        job->cancel();
        QCOMPARE(place.ended(job), JobState::Cancelled);
        Place::waitFor([&] { return place.stateOf(kTiny) == jobs::ModelState::Partial; });
        QVERIFY(place.models->find(kTiny)->isDownload);
    }

    void aRefusalAsksForAToken() {
        Place place;
        place.hub.models[kTinyId].isGated = true;
        Job* job = place.downloads->download(kTiny);
        QCOMPARE(place.ended(job), JobState::Failed);
        QVERIFY(DownloadManager::wantsToken(*job->error()));
        Job* again = place.downloads->download(kTiny, QString::fromLatin1(HubServer::kLicensedToken));
        QVERIFY(!again->commandLine().contains(QLatin1String("hf_")));
        QCOMPARE(place.ended(again), JobState::Done);
    }

    void damagedFilesComeAnew() {
        Place place;
        QCOMPARE(place.ended(place.downloads->download(kTiny)), JobState::Done);
        {
            const MayBlock here;
            std::filesystem::remove(place.ground.installed() / "tokenizer.json");
        }
        QSignalSpy arrived(&*place.downloads, &DownloadManager::downloaded);
        QCOMPARE(place.ended(place.downloads->repair(kTiny)), JobState::Done);
        QCOMPARE(arrived.at(0).at(1).value<jobs::DownloadResult>().repaired,
                 std::vector<std::string>{"tokenizer.json"});
    }
};

QTEST_GUILESS_MAIN(TestDownloadManager)
#include "test_download_manager.moc"
