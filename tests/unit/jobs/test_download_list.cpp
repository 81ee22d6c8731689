// What is told of a download before it begins, and the list of downloads that outlives the window.
#include <QTest>

#include "core/hash.h"
#include "download_ground.h"
#include "jobs/download/download_history.h"
#include "jobs/download/download_offer.h"
#include "support/fault_file_layer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

Result<DownloadOffer> offered(const DownloadGround& ground, const DownloadRequest& request,
                              const CancelToken& cancel = {}) {
    const auto transport = openNetwork({"on", {}});
    if (!transport) return transport.error();
    return offerDownload(
        request, ground.fixture.library(), **transport, [](double, const CancelToken&) {}, cancel);
}

KeptDownload unfinished(const std::string& name) {
    KeptDownload kept;
    kept.name = name;
    return kept;
}

std::vector<KeptDownload> someDownloads() {
    KeptDownload mirror{"llama/3.2-1b", DownloadSource::Mirror, "https://files.example/llama"};
    mirror.doneBytes = 7;
    mirror.totalBytes = 1U << 30;
    KeptDownload failed{"org/name", DownloadSource::Hub, {}, "v2", "q4.gguf"};
    failed.fate = DownloadFate::Failed;
    failed.code = "HUB-02";
    failed.message = "org/name: its licence is not accepted yet";
    failed.endedSeconds = 1'700'000'000;
    KeptDownload repaired{"smollm2/135m", DownloadSource::Hub, {}, {}, {}, true, DownloadFate::Done};
    repaired.repaired = {"config.json"};
    return {mirror, failed, repaired};
}

} // namespace

class TestDownloadList final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anOfferTellsFilesBytesRoomAndLicence() {
        const DownloadGround ground;
        const auto offer = offered(ground, ground.request());
        QVERIFY2(offer, offer ? "" : told(offer.error()).constData());
        QCOMPARE(offer->target.name(), std::string("smollm2/135m-instruct"));
        QCOMPARE(offer->source, ground.hub.endpoint());
        QCOMPARE(offer->commit, std::string(40, 'a'));
        std::uint64_t bytes = 0;
        for (const DownloadOffer::File& file : offer->files) {
            QCOMPARE(*file.sizeBytes, *fileSize(ground.fixture.source() / file.path));
            QVERIFY(file.provedBy != download::HashKind::None);
            bytes += *file.sizeBytes;
        }
        QCOMPARE(offer->totalBytes, bytes);
        QCOMPARE(offer->roomBytes, bytes);
        QCOMPARE(offer->hereBytes, std::uint64_t{0});
        QVERIFY(offer->freeBytes > bytes && !offer->noRoom);
        QCOMPARE(offer->place, ground.fixture.installed());
        QVERIFY(!offer->licence.empty());
        QVERIFY(!offer->isThere && !offer->isConverted);
        QVERIFY2(!fs::exists(ground.partial()), "nothing was begun");
        QCOMPARE(ground.hub.storeRequests().size(), std::size_t{0});
    }

    void theLicenceOfAnyModelIsThatOfItsCard() {
        DownloadGround ground;
        HubModel& model = ground.hub.models["org/tiny"] = ground.hub.models[kTinyId];
        model.files["README.md"] = "---\nlicense: mit\n---\nA model.\n";
        const auto offer = offered(ground, ground.request({"org/tiny"}));
        QVERIFY2(offer, offer ? "" : told(offer.error()).constData());
        QCOMPARE(offer->licence, std::string("mit"));
    }

    void whatIsHereNeedNotComeAgain() {
        DownloadGround ground;
        QVERIFY(!ground.stopped(ground.request()));
        const auto offer = offered(ground, ground.request());
        QVERIFY(offer);
        QVERIFY(offer->hereBytes > 0 && offer->hereBytes < offer->totalBytes);
        QVERIFY(offer->roomBytes < offer->totalBytes);
        ground.downloaded();
        QVERIFY(offered(ground, ground.request())->isThere);
    }

    void anOfferIsRefusedWithTheReasonAndCanBeStopped() {
        DownloadGround ground;
        ground.hub.models[kTinyId].isGated = true;
        const auto gated = offered(ground, ground.request());
        QVERIFY(!gated && gated.error().code == codes::kHubGated);
        const CancelToken cancel;
        cancel.cancel();
        const auto stopped = offered(ground, ground.request(), cancel);
        QVERIFY(!stopped && stopped.error().code == codes::kCancelled);
    }

    void theListComesBackAsItWasWritten() {
        const LibraryFixture fixture;
        QVERIFY(readDownloads(fixture.root()).empty());
        const std::vector<KeptDownload> list = someDownloads();
        QVERIFY(writeDownloads(systemFiles(), fixture.root(), list));
        QVERIFY(readDownloads(fixture.root()) == list);
    }

    void aListThatIsNoneIsEmpty() {
        const LibraryFixture fixture;
        fs::create_directories(fixture.root().path / "data");
        for (const char* text : {"", "{", "[]", R"({"schema":2,"downloads":[]})",
                                 R"({"schema":1,"downloads":[{"name":7},{"source":"hub"},3]})"}) {
            QVERIFY(writeFileAtomically(systemFiles(), fixture.root().path / "data/downloads.json", text));
            QVERIFY2(readDownloads(fixture.root()).empty(), text);
        }
    }

    void theListIsWholeOrAsBeforeAtEveryFailingCall() {
        const LibraryFixture fixture;
        const std::vector<KeptDownload> before{unfinished("org/before")};
        const std::vector<KeptDownload> after = someDownloads();
        for (std::uint64_t call = 1;; ++call) {
            QVERIFY(writeDownloads(systemFiles(), fixture.root(), before));
            FaultFileLayer files(call, Fault::IoError);
            const auto written = writeDownloads(files, fixture.root(), after);
            const auto found = readDownloads(fixture.root());
            QVERIFY(found == before || found == after);
            if (written) {
                QVERIFY(found == after);
                break;
            }
        }
    }

    void onlyTheNewestEndedOnesAreKept() {
        const LibraryFixture fixture;
        std::vector<KeptDownload> list{unfinished("org/first")};
        for (std::size_t i = 0; i < kKeptDownloads + 5; ++i) {
            KeptDownload done = unfinished("org/" + std::to_string(i));
            done.fate = DownloadFate::Done;
            list.push_back(done);
        }
        QVERIFY(writeDownloads(systemFiles(), fixture.root(), list));
        QCOMPARE(readDownloads(fixture.root()).size(), kKeptDownloads + 1);
    }

    void whatAShellBeganIsInTheList() {
        DownloadGround ground;
        QVERIFY(!ground.stopped(ground.request()));
        const auto list = withUnfinished({}, ground.fixture.library());
        QCOMPARE(list.size(), std::size_t{1});
        QCOMPARE(list[0].name, std::string("smollm2/135m-instruct"));
        QVERIFY(list[0].source == DownloadSource::Hub && list[0].fate == DownloadFate::Unfinished);
        QVERIFY(list[0].doneBytes > 0 && list[0].doneBytes < list[0].totalBytes);
        KeptDownload asked = unfinished("smollm2/135m-instruct");
        asked.revision = "main";
        const auto known = withUnfinished({asked}, ground.fixture.library());
        QCOMPARE(known.size(), std::size_t{1});
        QCOMPARE(known[0].revision, std::string("main"));
        QCOMPARE(known[0].doneBytes, list[0].doneBytes);
        QCOMPARE(known[0].totalBytes, list[0].totalBytes); // the list was kept before they were known
        asked.fate = DownloadFate::Failed;
        const auto failed = withUnfinished({asked}, ground.fixture.library());
        QCOMPARE(failed.size(), std::size_t{1});
        QVERIFY(failed[0].fate == DownloadFate::Failed);
    }

    void aMirrorIsKnownByWhatLiesOnTheDisk() {
        DownloadGround ground;
        const fs::path mirror = ground.fixture.source();
        DownloadRequest request = ground.request();
        request.source = DownloadSource::Mirror;
        request.place = mirror.string();
        std::string sums;
        for (const auto& entry : fs::directory_iterator(mirror))
            sums += *sha256File(entry.path()) + "  " + entry.path().filename().string() + "\n";
        sums.replace(sums.find("model.safetensors") - 66, 64, std::string(64, '0'));
        QVERIFY(writeFileAtomically(systemFiles(), mirror / "SHA256SUMS", sums));
        QVERIFY(!ground.download(request));
        const auto list = withUnfinished({}, ground.fixture.library());
        QCOMPARE(list.size(), std::size_t{1});
        QVERIFY(list[0].source == DownloadSource::Mirror);
        QCOMPARE(list[0].place, mirror.string());
    }

    void whatWasFinishedOrRemovedElsewhereIsNotToGoOn() {
        DownloadGround ground;
        ground.downloaded();
        KeptDownload removed = unfinished("org/gone");
        removed.doneBytes = 5;
        const auto list =
            withUnfinished({unfinished("smollm2/135m-instruct"), removed, unfinished("org/never-begun")},
                           ground.fixture.library());
        QCOMPARE(list.size(), std::size_t{1});
        QCOMPARE(list[0].name, std::string("org/never-begun"));
    }
};

QTEST_GUILESS_MAIN(TestDownloadList)
#include "test_download_list.moc"
