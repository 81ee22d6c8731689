#include <atomic>
#include <new>
#include <stdexcept>
#include <vector>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/in_parallel.h"

using namespace llamahome;
using namespace llamahome::jobs;

class TestInParallel final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyIndexIsWorkedOnce() {
        for (const int workers : {0, 1, 4, 100}) {
            std::vector<std::atomic<int>> calls(57);
            QVERIFY(inParallel(calls.size(), workers, [&](std::size_t i) { ++calls[i]; }));
            for (const std::atomic<int>& count : calls)
                QCOMPARE(count.load(), 1);
        }
        QVERIFY(inParallel(0, 4, [](std::size_t) { throw std::runtime_error("not called"); }));
    }

    void whatAWorkerThrowsIsAnError() {
        const auto failed =
            inParallel(1000, 4, [](std::size_t i) { throw std::runtime_error("row " + std::to_string(i)); });
        QVERIFY(!failed && failed.error().code == codes::kInternal);
        QVERIFY(failed.error().message.find("row ") != std::string::npos);
        const auto full = inParallel(4, 4, [](std::size_t i) {
            if (i == 3) throw std::bad_alloc();
        });
        QVERIFY(!full && full.error().code == codes::kOutOfMemory);
    }
};

QTEST_GUILESS_MAIN(TestInParallel)
#include "test_in_parallel.moc"
