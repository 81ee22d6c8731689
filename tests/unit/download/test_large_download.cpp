// Files larger than any test's disk: what is received is hashed and counted, and only their length is kept.
#include <QTest>

#include "core/machine.h"
#include "download/fetch_file.h"
#include "support/endless_transport.h"
#include "support/fixed_clock.h"
#include "support/sparse_files.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;

class TestLargeDownload final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void gigabytesArriveThoughTheConnectionBreaksAgainAndAgain() {
        constexpr std::uint64_t kSize = (4ULL << 30) + 12'345; // beyond what 32 bits count
        constexpr std::uint64_t kBreak = 300'000'007;
        constexpr double kMostMib = 64.0;
        const TemporaryFolder folder;
        SparseFiles files;
        FixedClock clock;
        EndlessTransport transport(kSize, kBreak);
        const ExpectedHash hash{HashKind::Sha256, transport.sha256()};
        const FetchRequest request{"http://127.0.0.1/x", folder / "large", kSize, hash};
        const FetchTools tools{
            transport, files, [&](double seconds, const CancelToken&) { clock.advance(seconds); },
            {},        {},    &clock};
        const double before = peakMemoryMib();
        const auto fetched = fetchFile(request, tools, {}, {});
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(std::filesystem::file_size(folder / "large"), kSize);
        QCOMPARE(transport.breaks(), static_cast<int>(kSize / kBreak));
        QCOMPARE(transport.sentBytes(), kSize); // in one run nothing is fetched twice
        QVERIFY(peakMemoryMib() - before < kMostMib);
    }

    void aLineThatIsResetEveryHalfMinuteLosesNothing() {
        constexpr std::uint64_t kSize = 1'500'000'019;
        const TemporaryFolder folder;
        SparseFiles files;
        FixedClock clock;
        EndlessTransport transport(kSize, VirtualLine{clock, 1e6, 30.0}); // 25 minutes of a slow line
        const ExpectedHash hash{HashKind::Sha256, transport.sha256()};
        const FetchRequest request{"http://127.0.0.1/x", folder / "large", kSize, hash};
        const FetchTools tools{
            transport, files, [&](double seconds, const CancelToken&) { clock.advance(seconds); },
            {},        {},    &clock};
        const auto fetched = fetchFile(request, tools, {}, {});
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(transport.breaks(), 50);
        QCOMPARE(transport.sentBytes(), kSize);
        QVERIFY(clock.monotonicSeconds() > 1500.0);
    }
};

QTEST_APPLESS_MAIN(TestLargeDownload)
#include "test_large_download.moc"
