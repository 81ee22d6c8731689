// Downloads as the window starts them: a queue of jobs, two at a time, kept over restarts; other work goes
// on.
#include <latch>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "managers/download_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "support/hub_server.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";
const QString kTiny = QStringLiteral("smollm2/135m-instruct");

struct Place {
    Place() {
        const MayBlock here;
        hub.addFolder(kTinyId, ground.source());
        for (const char* id : {"org/one", "org/two", "org/three"})
            hub.models[id] = hub.models[kTinyId];
        ground.variables["HF_ENDPOINT"] = hub.endpoint();
        open();
    }
    ~Place() {
        if (context) close();
    }

    /// A start of the program on the same root.
    void open() {
        context.emplace(ground.workspace());
        settings.emplace(*context);
        waitFor([this] { return settings->isRead(); });
        models.emplace(*context);
        downloads.emplace(*context, *settings);
        QObject::connect(&*models, &ModelManager::listRead, &*downloads, &DownloadManager::refresh);
        waitFor([this] { return models->isListed() && downloads->isRead(); });
    }
    void close() {
        for (Job* job : context->jobs.activeJobs())
            job->cancel();
        waitFor([this] { return context->jobs.activeJobs().empty(); });
        downloads.reset();
        models.reset();
        settings.reset();
        context.reset();
    }
    /// The list is written some time after a change.
    void awaitKept(std::size_t count) {
        waitFor([&] {
            const MayBlock here;
            return jobs::readDownloads({ground.root()}).size() == count;
        });
    }

    template <typename Condition>
    static void waitFor(Condition condition) {
        if (!QTest::qWaitFor(condition, kPatienceMs)) qFatal("waited in vain");
    }
    quint64 start(const QString& name) { return downloads->start({name}); }
    const DownloadItem& item(quint64 id) const {
        const DownloadItem* found = downloads->find(id);
        if (found == nullptr) qFatal("no such download");
        return *found;
    }
    DownloadState ended(quint64 id) {
        waitFor([&] { return !item(id).isActive(); });
        return item(id).state;
    }
    QStringList names() const {
        QStringList all;
        for (const DownloadItem& one : downloads->items())
            all.append(one.wish.name);
        return all;
    }
    jobs::ModelState stateOf(const QString& name) const {
        const auto entry = models->find(name);
        return entry ? entry->state : jobs::ModelState::Absent;
    }
    /// Large files say nothing after their head, of as many requests as there are until it is lifted.
    void silence() {
        hub.fault = [this](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isSilent || request.target.find(HubServer::kSignature) == std::string::npos)
                return std::nullopt;
            return ServedAnswer{
                "HTTP/1.1 200 -\r\nContent-Length: " +
                    std::to_string(hub.models.at(kTinyId).files.at("model.safetensors").size()) + "\r\n\r\n",
                ServedAnswer::Then::Silence};
        };
    }

    ManagerGround ground;
    HubServer hub;
    std::atomic<bool> isSilent = true;
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
        const quint64 id = place.start(kTiny);
        const Job* job = place.downloads->jobOf(id);
        QVERIFY(job != nullptr && job->kind() == JobKind::Download);
        QVERIFY(job->commandLine().endsWith(QStringLiteral(" download smollm2/135m-instruct")));
        QCOMPARE(place.downloads->unfinishedOf(kTiny)->id, id);
        QCOMPARE(place.start(kTiny), id); // it is under way
        QCOMPARE(place.ended(id), DownloadState::Done);
        QCOMPARE(arrived.size(), 1);
        QVERIFY(place.downloads->unfinishedOf(kTiny) == nullptr);
        for (const download::FileStatus& file : place.item(id).status.files) {
            QVERIFY(file.state == download::TransferState::Done);
            QVERIFY(!file.path.empty() && file.provedBy != download::HashKind::None);
        }
        Place::waitFor([&] { return place.stateOf(kTiny) == jobs::ModelState::Verified; });
        QVERIFY2(place.ground.files.violations().empty(), "the GUI thread waits for no file");
    }

    void aSourceIsAskedBeforeAnythingIsFetched() {
        Place place;
        QSignalSpy offers(&*place.downloads, &DownloadManager::offered);
        place.downloads->ask({QStringLiteral("smollm2 135m-instruct")});
        Place::waitFor([&] { return !offers.isEmpty(); });
        const auto offer = offers.at(0).at(1).value<jobs::DownloadOffer>();
        QCOMPARE(offer.target.name(), kTiny.toStdString());
        QVERIFY(offer.totalBytes > 0 && !offer.files.empty());
        QVERIFY(place.hub.storeRequests().empty());
        QVERIFY(place.downloads->items().empty());
        const Job* refused = place.downloads->ask({QStringLiteral("org/nothing")});
        Place::waitFor([&] { return !refused->isActive(); });
        QCOMPARE(refused->error()->code.text, std::string_view("HUB-01"));
        QVERIFY(download::isTokenWanted(refused->error()->code.text));
    }

    void aQuestionCanBeStopped() {
        Place place;
        place.hub.fault = [](const ServedRequest&) { return ServedAnswer{{}, ServedAnswer::Then::Silence}; };
        Job* asking = place.downloads->ask({kTiny});
        Place::waitFor([&] { return !place.hub.hubRequests().empty(); });
        asking->cancel();
        Place::waitFor([&] { return asking->state() == JobState::Cancelled; });
    }

    void twoGoAtATimeAndTheOrderIsTheQueues() {
        Place place;
        place.silence();
        const quint64 first = place.start(kTiny);
        const quint64 second = place.start(QStringLiteral("org/one"));
        const quint64 third = place.start(QStringLiteral("org/two"));
        const quint64 fourth = place.start(QStringLiteral("org/three"));
        Place::waitFor([&] { return place.hub.storeRequests().size() == 2; });
        QCOMPARE(place.item(first).state, DownloadState::Running);
        QCOMPARE(place.item(second).state, DownloadState::Running);
        QCOMPARE(place.item(third).state, DownloadState::Waiting);
        QCOMPARE(place.downloads->jobOf(third)->state(), JobState::Waiting);
        place.downloads->move(fourth, -1);
        QCOMPARE(place.names().mid(2), QStringList({QStringLiteral("org/three"), QStringLiteral("org/two")}));
        place.downloads->move(fourth, -5);
        QCOMPARE(place.names().front(), QStringLiteral("org/three"));
        place.isSilent = false;
        place.downloads->pause(first);
        Place::waitFor([&] { return place.item(fourth).state == DownloadState::Done; });
        Place::waitFor([&] { return place.item(third).state == DownloadState::Done; });
        QCOMPARE(place.item(first).state, DownloadState::Paused);
        place.downloads->pause(second);
        QCOMPARE(place.ended(second), DownloadState::Paused);
        QCOMPARE(place.names(), QStringList({kTiny, QStringLiteral("org/one"), QStringLiteral("org/two"),
                                             QStringLiteral("org/three")}));
    }

    void whatWaitsForItsTurnIsStoppedAtOnce() {
        Place place;
        place.silence();
        for (const char* name : {"org/one", "org/two"})
            place.start(QString::fromLatin1(name));
        const quint64 id = place.start(kTiny);
        place.downloads->jobOf(id)->cancel(); // as the status bar does
        QCOMPARE(place.item(id).state, DownloadState::Paused);
        QCOMPARE(place.downloads->jobOf(id)->state(), JobState::Cancelled);
        place.downloads->forget(id);
        QVERIFY(place.downloads->find(id) == nullptr);
    }

    void whatWasStoppedIsPausedAndGoesOn() {
        Place place;
        place.silence();
        const quint64 id = place.start(kTiny);
        Place::waitFor([&] { return !place.hub.storeRequests().empty(); });
        place.downloads->pause(id);
        QCOMPARE(place.ended(id), DownloadState::Paused);
        Place::waitFor([&] { return place.stateOf(kTiny) == jobs::ModelState::Partial; });
        QVERIFY(place.models->find(kTiny)->isDownload);
        place.isSilent = false;
        place.downloads->goOn(id);
        QCOMPARE(place.ended(id), DownloadState::Done);
    }

    void theListOutlivesTheProgram() {
        Place place;
        place.silence();
        const quint64 stopped = place.start(kTiny);
        const quint64 failed = place.start(QStringLiteral("org/nothing"));
        QCOMPARE(place.ended(failed), DownloadState::Failed);
        Place::waitFor([&] { return place.item(stopped).doneBytes > 0; });
        place.awaitKept(2);
        place.close();
        place.open();
        QCOMPARE(place.names(), QStringList({kTiny, QStringLiteral("org/nothing")}));
        const DownloadItem& begun = place.downloads->items().front();
        QCOMPARE(begun.state, DownloadState::Paused);
        QVERIFY(begun.doneBytes > 0 && begun.doneBytes < begun.totalBytes);
        QCOMPARE(place.downloads->items().back().state, DownloadState::Failed);
        QVERIFY(!place.downloads->items().back().failure.empty());
        place.isSilent = false;
        const quint64 id = begun.id;
        place.downloads->goOn(id);
        QCOMPARE(place.ended(id), DownloadState::Done);
        place.downloads->clearEnded();
        QVERIFY(place.downloads->items().empty());
        place.awaitKept(0);
    }

    void whatIsRemovedElsewhereLeavesTheQueue() {
        Place place;
        place.silence();
        const quint64 id = place.start(kTiny);
        Place::waitFor([&] { return place.item(id).doneBytes > 0; });
        // the list of models is read when it is gone already: that list never changes
        const auto isRemoved = std::make_shared<std::latch>(1);
        for (int i = 0; i < FilePool::kThreads; ++i)
            place.context->filePool.post([isRemoved] { isRemoved->wait(); });
        place.downloads->pause(id);
        const DownloadState state = place.ended(id);
        {
            const MayBlock here;
            fs::remove_all(place.ground.root() / "data/models/smollm2/.downloading-135m-instruct");
        }
        isRemoved->count_down();
        QCOMPARE(state, DownloadState::Paused);
        place.models->refresh();
        Place::waitFor([&] { return place.downloads->items().empty(); });
    }

    void aRefusalAsksForATokenThatIsNotKept() {
        Place place;
        place.hub.models[kTinyId].isGated = true;
        QSignalSpy failures(&*place.downloads, &DownloadManager::failed);
        const quint64 id = place.start(kTiny);
        QCOMPARE(place.ended(id), DownloadState::Failed);
        QCOMPARE(failures.size(), 1);
        QVERIFY(download::isTokenWanted(place.item(id).failureCode));
        QCOMPARE(place.downloads->hubPage(kTiny),
                 QStringLiteral("https://huggingface.co/") + QLatin1String(kTinyId));
        place.downloads->goOn(id, QString::fromLatin1(HubServer::kLicensedToken));
        QVERIFY(!place.downloads->jobOf(id)->commandLine().contains(QLatin1String("hf_")));
        QCOMPARE(place.ended(id), DownloadState::Done);
        QVERIFY(place.item(id).wish.secret.isEmpty());
        place.awaitKept(1);
        place.close(); // nothing is written any more
        const MayBlock here;
        for (const auto& entry : fs::recursive_directory_iterator(place.ground.root()))
            if (entry.is_regular_file())
                QVERIFY(readFile(entry.path())->find(HubServer::kLicensedToken) == std::string::npos);
    }

    void aFolderWithAListOfHashesIsASource() {
        Place place;
        {
            const MayBlock here;
            std::string sums;
            for (const auto& entry : fs::directory_iterator(place.ground.source()))
                sums += *sha256File(entry.path()) + "  " + entry.path().filename().string() + "\n";
            QVERIFY(writeFileAtomically(systemFiles(), place.ground.source() / "SHA256SUMS", sums));
        }
        DownloadWish wish{QStringLiteral("smollm2/360m"), jobs::DownloadSource::Mirror,
                          QString::fromStdString(place.ground.source().string())};
        QVERIFY(place.downloads->commandOf(wish).contains(QStringLiteral("--source ")));
        QCOMPARE(place.ended(place.downloads->start(wish)), DownloadState::Done);
        QVERIFY(place.hub.hubRequests().empty());
    }

    void theLimitOfTheSettingsHolds() {
        Place place;
        place.settings->setValue(QStringLiteral("model.hub.max_mb_per_second"), QStringLiteral("0.000001"));
        Place::waitFor([&] { return place.settings->settings().model.hub.max_mb_per_second > 0.0; });
        const quint64 id = place.start(kTiny); // a byte a second: it would take days
        Place::waitFor([&] { return !place.hub.storeRequests().empty(); });
        QVERIFY(place.item(id).isActive());
        place.settings->setValue(QStringLiteral("model.hub.max_mb_per_second"), QStringLiteral("0"));
        Place::waitFor([&] { return place.settings->settings().model.hub.max_mb_per_second == 0.0; });
        QCOMPARE(place.ended(id), DownloadState::Done);
    }

    void damagedFilesComeAnew() {
        Place place;
        QCOMPARE(place.ended(place.start(kTiny)), DownloadState::Done);
        {
            const MayBlock here;
            fs::remove(place.ground.installed() / "tokenizer.json");
        }
        DownloadWish wish{kTiny};
        wish.everyByte = true;
        const quint64 id = place.downloads->start(wish);
        QCOMPARE(place.ended(id), DownloadState::Done);
        QCOMPARE(place.item(id).repaired, std::vector<std::string>{"tokenizer.json"});
    }
};

QTEST_GUILESS_MAIN(TestDownloadManager)
#include "test_download_manager.moc"
