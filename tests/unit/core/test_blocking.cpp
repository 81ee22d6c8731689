#include <string>
#include <thread>
#include <vector>

#include <QTest>

#include "core/blocking.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "support/gui_guard_files.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestBlocking final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsAndHashesOnAWatchedThreadAreToldWithTheirFile() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "a", "text"));
        const GuiGuardFiles guard;
        QVERIFY(readFile(folder / "a"));
        QVERIFY(sha256File(folder / "a"));
        QVERIFY(!readFile(folder / "missing"));
        const std::string path = (folder / "a").string();
        const std::vector<std::string> told{"read " + path, "read " + path,
                                            "read " + (folder / "missing").string()};
        QCOMPARE(guard.violations(), told);
    }

    void otherThreadsMayBlockAndSoMayThisOneForAWhile() {
        const TemporaryFolder folder;
        const GuiGuardFiles guard;
        std::thread([&] { QVERIFY(!readFile(folder / "a")); }).join();
        {
            const MayBlock here;
            QVERIFY(!readFile(folder / "a"));
        }
        QCOMPARE(guard.violations(), std::vector<std::string>{});
        QVERIFY(!readFile(folder / "a"));
        QCOMPARE(guard.violations().size(), std::size_t{1});
    }

    void nothingIsWatchedWhenTheGuardIsGone() {
        const TemporaryFolder folder;
        { const GuiGuardFiles guard; }
        QVERIFY(!watchBlocking({}));
        QVERIFY(!readFile(folder / "a"));
    }
};

QTEST_APPLESS_MAIN(TestBlocking)
#include "test_blocking.moc"
