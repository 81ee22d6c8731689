#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/cuda_manager.h"
#include "managers/settings_manager.h"
#include "support/manager_ground.h"
#include "support/wheel_index.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;
using State = CudaManager::State;

namespace {

struct Place {
    explicit Place(const std::string& driver, HttpServer::Script script = serveWheels,
                   const std::string& offline = {})
        : server(std::move(script)) {
        Workspace workspace = ground.workspace();
        workspace.environment["PIP_INDEX_URL"] = server.url("/simple");
        if (!offline.empty()) workspace.environment["HF_HUB_OFFLINE"] = offline;
        context.emplace(std::move(workspace));
        settings.emplace(*context);
        if (!QTest::qWaitFor([this] { return settings->isRead(); }, kPatienceMs)) qFatal("nothing was read");
        manager.emplace(*context, *settings,
                        CudaManager::Place{component, [driver] { return machineWithDriver(driver); }});
        manager->refresh();
        waitFor([this] { return manager->state() != State::Unknown; });
    }
    template <typename Condition>
    static void waitFor(Condition condition) {
        if (!QTest::qWaitFor(condition, kPatienceMs)) qFatal("waited in vain");
    }
    /// Until the job has ended and its result is shown.
    void waitForEnd() {
        QSignalSpy changes(&*manager, &CudaManager::changed);
        waitFor([&] { return manager->job() == nullptr && !changes.isEmpty(); });
    }

    jobs::CudaComponent component = smallComponent();
    HttpServer server;
    ManagerGround ground;
    std::optional<ManagerContext> context;
    std::optional<SettingsManager> settings;
    std::optional<CudaManager> manager;
};

} // namespace

class TestCudaManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theStateFollowsMachineAndComponent() {
        QCOMPARE(Place("").manager->state(), State::OfNoUse);
        Place old("570.1");
        QCOMPARE(old.manager->state(), State::OfNoUse);
        QVERIFY(old.manager->text().contains(QStringLiteral("570.1")));
        QVERIFY(old.manager->text().contains(QStringLiteral("580.65")));
        QCOMPARE(Place("580.65.06").manager->state(), State::Absent);
    }

    void itIsInstalledAndRemoved() {
        Place place("580.65.06");
        place.manager->install();
        QVERIFY(place.manager->job() != nullptr);
        QCOMPARE(place.manager->job()->kind(), JobKind::Download);
        place.waitForEnd();
        QCOMPARE(place.manager->state(), State::Installed);
        QCOMPARE(place.context->jobs.jobs().back()->state(), JobState::Done);
        place.manager->remove();
        place.waitForEnd();
        QCOMPARE(place.manager->state(), State::Absent);
        QVERIFY(place.ground.files.violations().empty());
    }

    void aSecondInstallationIsNotStartedWhileOneRuns() {
        Place place("580.65.06");
        place.manager->install();
        const Job* first = place.manager->job();
        place.manager->install();
        place.manager->remove();
        QCOMPARE(place.context->jobs.activeJobs(), std::vector<Job*>{const_cast<Job*>(first)});
        place.waitForEnd();
    }

    void anErrorIsToldAndWhatWasFetchedIsShown() {
        Place place("580.65.06", [](const ServedRequest& request) {
            if (request.target == "/files/two.whl") return ServedAnswer{httpAnswer(403, "")};
            return serveWheels(request);
        });
        QSignalSpy failures(&*place.manager, &CudaManager::failed);
        place.manager->install();
        place.waitForEnd();
        QCOMPARE(failures.size(), 1);
        QCOMPARE(place.manager->state(), State::Begun);
    }

    void offlineMeansThatNothingIsAsked() {
        Place place("580.65.06", serveWheels, "1");
        QSignalSpy failures(&*place.manager, &CudaManager::failed);
        place.manager->install();
        place.waitForEnd();
        QCOMPARE(failures.size(), 1);
        QCOMPARE(place.context->jobs.jobs().back()->error()->code, codes::kAddressRefused);
        QVERIFY(place.server.requests().empty());
    }
};

QTEST_GUILESS_MAIN(TestCudaManager)
#include "test_cuda_manager.moc"
