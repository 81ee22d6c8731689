#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "jobs/system/cuda_component.h"
#include "network/transport_loader.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"
#include "support/wheel_index.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

struct Ground {
    explicit Ground(HttpServer::Script script = serveWheels)
        : server(std::move(script)) {}

    Result<CudaState> install(FileLayer& files = systemFiles(), const std::string& driver = "580.65.06") {
        const auto lock = RootLock::acquire(root);
        if (!lock) return lock.error();
        const auto transport = network::openTransport();
        if (!transport) return transport.error();
        return installCuda({server.url("/simple"), component, **transport, [](double, const CancelToken&) {}},
                           machineWithDriver(driver), *lock, files, cancel, [this](const Progress& now) {
                               progress.push_back(now);
                               if (now.done >= cancelAfter) cancel.cancel();
                           });
    }
    fs::path lib() const { return root.components() / "cuda-9.9" / "lib"; }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        std::error_code failure;
        for (const auto& entry : fs::recursive_directory_iterator(root.components(), failure))
            if (entry.is_regular_file()) found.push_back(entry.path().filename().string());
        std::sort(found.begin(), found.end());
        return found;
    }

    TemporaryFolder folder;
    DataRoot root{folder / "root"};
    CudaComponent component = smallComponent();
    HttpServer server;
    CancelToken cancel;
    std::uint64_t cancelAfter = ~0ULL;
    std::vector<Progress> progress;
};

} // namespace

class TestCudaComponent final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theLibrariesOfAllWheelsLieInOneFolder() {
        Ground ground;
        const CudaState before = cudaState(ground.root, ground.component);
        QVERIFY(!before.isInstalled);
        QCOMPARE(before.downloadBytes, std::uint64_t{firstWheel().size() + secondWheel().size()});
        QCOMPARE(before.presentBytes, std::uint64_t{0});
        const auto installed = ground.install();
        QVERIFY2(installed, installed ? "" : installed.error().message.c_str());
        QVERIFY(installed->isInstalled);
        QCOMPARE(installed->folder, ground.lib().parent_path());
        QCOMPARE(installed->presentBytes, std::uint64_t{18890 + 500 + 20});
        QCOMPARE(installed->downloadBytes, std::uint64_t{0});
        QCOMPARE(ground.names(), (std::vector<std::string>{"b.bin", "noise.bin", "words.txt"}));
    }

    void progressIsOnePhaseThatEndsAtItsTotal() {
        Ground ground;
        QVERIFY(ground.install());
        QVERIFY(std::is_sorted(ground.progress.begin(), ground.progress.end(),
                               [](const Progress& a, const Progress& b) { return a.done < b.done; }));
        QCOMPARE(ground.progress.back().done, ground.progress.back().total);
        QCOMPARE(ground.progress.front().phase, ground.progress.back().phase);
    }

    void aSecondInstallationFetchesNothing() {
        Ground ground;
        QVERIFY(ground.install());
        const auto asked = ground.server.requests().size();
        QVERIFY(ground.install());
        QCOMPARE(ground.server.requests().size(), asked);
    }

    void whereItIsOfNoUseNothingIsFetched() {
        for (const auto& [driver, code] : {std::pair{"", codes::kNoGraphicsCard},
                                           {"570.86.15", codes::kDriverTooOld},
                                           {"not a version", codes::kDriverTooOld}}) {
            Ground ground;
            const auto installed = ground.install(systemFiles(), driver);
            QVERIFY(!installed);
            QCOMPARE(installed.error().code, code);
            QVERIFY(*driver == '\0' || installed.error().message.find(driver) != std::string::npos);
            QVERIFY(ground.server.requests().empty());
            QVERIFY(!fs::exists(ground.root.components()));
        }
    }

    void aWheelOfOtherBytesIsRefused() {
        Ground ground([](const ServedRequest& request) {
            std::string other = secondWheel();
            other.back() ^= 1;
            if (request.target == "/files/two.whl") return ServedAnswer{fileAnswer(request, other)};
            return serveWheels(request);
        });
        const auto installed = ground.install();
        QVERIFY(!installed);
        QCOMPARE(installed.error().code, codes::kHashMismatch);
        QVERIFY(!cudaState(ground.root, ground.component).isInstalled);
        QVERIFY(!fs::exists(ground.lib()));
    }

    void aWheelWithoutAnExpectedMemberIsNamed() {
        Ground ground;
        ground.component.wheels[1].members = {"gone.so"};
        const auto installed = ground.install();
        QVERIFY(!installed);
        QCOMPARE(installed.error().code, codes::kComponentDamaged);
        QVERIFY(installed.error().message.find("two.whl") != std::string::npos);
        QVERIFY(installed.error().message.find("gone.so") != std::string::npos);
    }

    void whatWasFetchedBeforeACancelIsKept() {
        Ground ground;
        ground.cancelAfter = firstWheel().size() + 18890 + 500; // the first wheel is done
        const auto stopped = ground.install();
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, codes::kCancelled);
        const CudaState state = cudaState(ground.root, ground.component);
        QVERIFY(!state.isInstalled);
        QCOMPARE(state.downloadBytes, std::uint64_t{secondWheel().size()});
        ground.cancel = {};
        ground.cancelAfter = ~0ULL;
        const auto before = ground.server.requests().size();
        QVERIFY(ground.install());
        const auto requests = ground.server.requests();
        for (std::size_t i = before; i < requests.size(); ++i)
            QVERIFY(requests[i].target.find("one") == std::string::npos);
    }

    void aFaultAtEveryFileCallIsOvercomeByTheNextInstallation() {
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short})
            for (std::uint64_t at = 1;; ++at) {
                Ground ground;
                FaultFileLayer files(at, fault);
                const auto installed = ground.install(files);
                if (files.calls() < at) {
                    QVERIFY(installed);
                    break;
                }
                QVERIFY(ground.install());
                QCOMPARE(ground.names(), (std::vector<std::string>{"b.bin", "noise.bin", "words.txt"}));
            }
    }

    void onlyProvedLibrariesAreOpenedBeforeTheEngine() {
        Ground ground;
        ground.component.runtime = {{"b.bin", std::string(64, '0')}};
        QVERIFY(cudaRuntime(ground.root, ground.component).empty());
        QVERIFY(ground.install());
        QVERIFY(cudaRuntime(ground.root, ground.component).empty());
        ground.component.runtime[0].sha256 = *sha256File(ground.lib() / "b.bin");
        QCOMPARE(cudaRuntime(ground.root, ground.component), std::vector<fs::path>{ground.lib() / "b.bin"});
        QVERIFY(writeFileAtomically(systemFiles(), ground.lib() / "b.bin", "other bytes, 20 long"));
        QVERIFY(cudaState(ground.root, ground.component).isInstalled); // by its size
        QVERIFY(cudaRuntime(ground.root, ground.component).empty());
    }

    void theIndexIsThatOfTheEnvironment() {
        QCOMPARE(*pythonIndex({}), std::string("https://pypi.org/simple"));
        QCOMPARE(*pythonIndex({{"PIP_INDEX_URL", "https://mirror/simple"}}),
                 std::string("https://mirror/simple"));
        const auto refused = pythonIndex({{"PIP_INDEX_URL", "https://me:secret@mirror/simple"}});
        QVERIFY(!refused);
        QVERIFY(refused.error().message.starts_with("PIP_INDEX_URL"));
        QVERIFY(refused.error().message.find("secret") == std::string::npos);
    }

    void whatAnInterruptedCleanUpLeftGoesWithTheNextInstallation() {
        Ground ground;
        QVERIFY(ground.install());
        fs::create_directories(ground.root.components() / "cuda-0.1" / "lib");
        QVERIFY(writeFileAtomically(systemFiles(), ground.root.components() / "cuda-0.1" / "lib" / "x", "x"));
        QVERIFY(ground.install());
        QVERIFY(!fs::exists(ground.root.components() / "cuda-0.1"));
    }

    void aDamagedComponentIsInstalledAnew() {
        Ground ground;
        QVERIFY(ground.install());
        fs::resize_file(ground.lib() / "words.txt", 5);
        QVERIFY(!cudaState(ground.root, ground.component).isInstalled);
        QVERIFY(ground.install());
        QVERIFY(cudaState(ground.root, ground.component).isInstalled);
    }

    void anotherVersionGoesWhenThisOneIsThere() {
        Ground ground;
        QVERIFY(ground.install());
        ground.component.version = "10.0";
        QCOMPARE(cudaState(ground.root, ground.component).presentBytes, std::uint64_t{19410});
        QVERIFY(ground.install());
        QVERIFY(!fs::exists(ground.root.components() / "cuda-9.9"));
        QVERIFY(fs::exists(ground.root.components() / "cuda-10.0"));
    }

    void removalFreesWhatItSaysAndLeavesOtherFiles() {
        Ground ground;
        QVERIFY(ground.install());
        const fs::path other = ground.root.components() / "notes.txt";
        QVERIFY(writeFileAtomically(systemFiles(), other, "mine"));
        const std::uint64_t present = cudaState(ground.root, ground.component).presentBytes;
        const auto lock = RootLock::acquire(ground.root);
        QVERIFY(lock);
        const auto freed = removeCuda(*lock, systemFiles());
        QVERIFY(freed);
        QCOMPARE(*freed, present);
        QCOMPARE(ground.names(), std::vector<std::string>{"notes.txt"});
    }

    void theRealTableIsWellFormedAndAgreesWithTheBuild() {
        const CudaComponent& component = cudaComponent();
        QCOMPARE(component.wheels.size(), std::size_t{15});
        std::vector<std::string> names;
        for (const ComponentWheel& wheel : component.wheels) {
            QCOMPARE(wheel.sha256.size(), std::size_t{64});
            QVERIFY(wheel.sizeBytes > 1'000'000 && wheel.unpackedBytes > 500'000);
            for (const std::string& member : wheel.members)
                names.push_back(member.substr(member.rfind('/') + 1));
        }
        std::sort(names.begin(), names.end());
        QVERIFY(std::adjacent_find(names.begin(), names.end()) == names.end());
        const auto checksums = readFile(fs::path(LLAMAHOME_SOURCE_DIR) / "packaging" / "checksums.txt");
        QVERIFY(checksums);
        const ComponentWheel& torch = component.wheels.front();
        QVERIFY(checksums->find(torch.sha256 + "  " + torch.file) != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestCudaComponent)
#include "test_cuda_component.moc"
