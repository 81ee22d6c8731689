#include <atomic>

#include <QTest>

#include "core/error_codes.h"
#include "download/partial_file.h"
#include "fetch_ground.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

constexpr std::uint64_t kFlushEvery = 50'000;
constexpr std::size_t kCut = 180'000;

const char* messageOf(const Result<void>& result) {
    return result ? "" : result.error().message.c_str();
}

/// N of "bytes=N-".
std::uint64_t beginOf(const std::string& range) {
    return std::stoull(range.substr(range.find('=') + 1));
}

/// The server gives what it has, up to `endsAt` where it breaks off, and with that the patience ends.
struct Interrupted : Ground {
    explicit Interrupted(std::vector<std::string> serverHeaders = {"ETag: \"v1\""})
        : Ground([this](const ServedRequest& request) { return give(request); })
        , answerHeaders(std::move(serverHeaders)) {
        flush.bytes = kFlushEvery;
        patience.triesWithoutProgress = 1;
    }

    ServedAnswer give(const ServedRequest& request) const {
        ServedAnswer answer{fileAnswer(request, file, answerHeaders)};
        const auto range = request.headers.find("range");
        const std::size_t begin = range == request.headers.end() ? 0 : beginOf(range->second);
        const std::size_t body = answer.bytes.find("\r\n\r\n") + 4;
        if (endsAt > begin) answer.bytes.resize(std::min(answer.bytes.size(), body + endsAt - begin));
        return answer;
    }

    /// A run that ends early.
    void interrupt(std::size_t after = kCut) {
        endsAt = after;
        QVERIFY(!fetch());
        QVERIFY(fs::exists(part()));
        endsAt = file.size();
    }

    std::string file = kFile;
    std::vector<std::string> answerHeaders;
    std::atomic<std::size_t> endsAt = 0;
};

} // namespace

class TestFetchResume final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anotherRunGoesOnWithTheServersEtag() {
        Interrupted ground;
        ground.interrupt();
        const auto record = readPartRecord(ground.part());
        QVERIFY(record);
        QCOMPARE(record->points.back().bytes, std::uint64_t{kCut});
        QCOMPARE(record->commit, std::string("one"));
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        QCOMPARE(read(ground.target()), kFile);
        const auto last = ground.server.requests().back();
        QCOMPARE(last.headers.at("range"), "bytes=" + std::to_string(kCut) + "-");
        QCOMPARE(last.headers.at("if-range"), std::string("\"v1\""));
        QVERIFY(!fs::exists(ground.part()));
        QVERIFY(!fs::exists(partRecordPath(ground.part())));
    }

    void aWeakOrMissingEtagIsNotSent() {
        for (const char* etag : {"ETag: W/\"v1\"", "ETag: v1", "X-None: 1"}) {
            Interrupted ground({etag});
            ground.interrupt();
            QVERIFY(ground.fetch());
            QVERIFY(!ground.server.requests().back().headers.contains("if-range"));
            QVERIFY(ground.server.requests().back().headers.contains("range"));
        }
    }

    void aBitThatChangedOnTheDiskCostsWhatFollowsIt() {
        Interrupted ground;
        ground.interrupt(100'000);
        ground.interrupt();
        constexpr std::size_t kChanged = kCut - 10;
        const auto record = readPartRecord(ground.part());
        QVERIFY(record);
        std::uint64_t lastBefore = 0; // where the points lie depends on how the bytes came
        for (const download::DurablePoint& point : record->points)
            if (point.bytes <= kChanged) lastBefore = point.bytes;
        QVERIFY(lastBefore >= kFlushEvery);
        std::string kept = read(ground.part());
        kept[kChanged] ^= 1;
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kept));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
        const auto last = ground.server.requests().back();
        QCOMPARE(last.headers.at("range"), "bytes=" + std::to_string(lastBefore) + "-");
    }

    void whatIsBeyondTheRecordIsNotTrusted() {
        Interrupted ground;
        ground.interrupt();
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(),
                                    read(ground.part()) + std::string(90'000, '\0')));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
        QCOMPARE(ground.server.requests().back().headers.at("range"), "bytes=" + std::to_string(kCut) + "-");
    }

    void aPartShorterThanItsRecordIsGoneOnWith() {
        Interrupted ground;
        ground.interrupt();
        QVERIFY(systemFiles().truncate(ground.part(), 120'000));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
    }

    void aRecordThatCannotBeReadLosesNothing() {
        const std::string whole = [] {
            Interrupted ground;
            ground.interrupt();
            return read(partRecordPath(ground.part()));
        }();
        for (const std::string& damaged :
             {std::string(), std::string(whole.size(), '\0'), whole.substr(0, whole.size() / 2),
              std::string("{\"schema\":9}\n")}) {
            Interrupted ground;
            ground.interrupt();
            QVERIFY(writeFileAtomically(systemFiles(), partRecordPath(ground.part()), damaged));
            const auto fetched = ground.fetch();
            QVERIFY2(fetched, messageOf(fetched));
            QCOMPARE(read(ground.target()), kFile);
            QCOMPARE(ground.server.requests().back().headers.at("range"),
                     "bytes=" + std::to_string(kCut) + "-");
        }
    }

    void aPartOfAnotherFileIsBegunAnew() {
        Interrupted ground;
        ground.interrupt();
        ground.file = someBytes(400'000).substr(100'000);
        ground.hash.hex = sha256Hex(ground.file);
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), ground.file);
        QVERIFY(!ground.server.requests().back().headers.contains("range"));
    }

    void withoutAPromisedHashAChangedEtagBeginsAnew() {
        Interrupted ground;
        ground.hash = {};
        ground.interrupt();
        ground.patience = {};
        ground.answerHeaders = {"ETag: \"v2\""};
        ground.file = kFile;
        ground.file[5] ^= 1;
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        QCOMPARE(read(ground.target()), ground.file);
    }

    void withoutHashAndEtagNothingIsGoneOnWith() {
        Interrupted ground({"X-None: 1"});
        ground.hash = {};
        ground.interrupt();
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
        QVERIFY(!ground.server.requests().back().headers.contains("range"));
    }

    void aWholePartOfUnknownSizeIsProvedByTheServersWord() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        ground.sizeBytes.reset();
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kFile));
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        QCOMPARE(read(ground.target()), kFile);
        QCOMPARE(ground.server.requests().size(), std::size_t{1});
    }

    void aSecondWriterIsRefused() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        auto held = PartialFile::open(ground.target(), {}, systemFiles(), systemClock(), {}, {});
        QVERIFY(held);
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kDownloadBusy);
        QVERIFY(ground.server.requests().empty());
    }

    void aPlaceThatIsALinkIsNotWrittenThrough() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        const TemporaryFolder elsewhere;
        QVERIFY(writeFileAtomically(systemFiles(), elsewhere / "mine", "mine"));
        fs::create_symlink(elsewhere / "mine", ground.part());
        QVERIFY(!ground.fetch());
        QCOMPARE(read(elsewhere / "mine"), std::string("mine"));
    }

    void aFullDiskIsWaitedForWhereThereIsTime() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        ground.flush.bytes = 50'000;
        ground.patience.waitSeconds = 1e9;
        for (std::uint64_t at = 4; at < 30; at += 3) {
            FaultFileLayer files(at, Fault::Short);
            const auto fetched = ground.fetch(files);
            if (files.calls() < at) break;
            if (fetched) QCOMPARE(read(ground.target()), kFile);
            if (!fetched) QCOMPARE(fetched.error().code, codes::kDiskFull); // outside of the receiving
            fs::remove(ground.target());
        }
        QVERIFY(!ground.pauses.empty());
    }
};

QTEST_APPLESS_MAIN(TestFetchResume)
#include "test_fetch_resume.moc"
