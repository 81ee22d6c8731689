// Threads that meet: none goes on before the last has come, and each sees what the others wrote.
#include <atomic>
#include <thread>
#include <vector>

#include <QTest>

#include "llama/infer/meeting.h"

using namespace llamahome::engine;

class TestMeeting final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyThreadSeesWhatAllWroteBefore_data() {
        QTest::addColumn<int>("threads");
        QTest::newRow("one") << 1;
        QTest::newRow("two") << 2;
        QTest::newRow("more than there are cores, so that some sleep") << 24;
    }
    void everyThreadSeesWhatAllWroteBefore() {
        QFETCH(int, threads);
        constexpr int kRounds = 300;
        Meeting meeting;
        std::vector<int> written(static_cast<std::size_t>(threads), -1);
        std::atomic<int> wrong{0};
        const auto work = [&](std::size_t number) {
            for (int round = 0; round < kRounds; ++round) {
                written[number] = round;
                meeting.come(static_cast<std::uint32_t>(threads));
                for (const int other : written)
                    wrong += other == round ? 0 : 1;
                meeting.come(static_cast<std::uint32_t>(threads)); // before any writes the next
            }
        };
        std::vector<std::thread> others;
        for (std::size_t i = 1; i < written.size(); ++i)
            others.emplace_back(work, i);
        work(0);
        for (std::thread& other : others)
            other.join();
        QCOMPARE(wrong.load(), 0);
    }
};

QTEST_APPLESS_MAIN(TestMeeting)
#include "test_meeting.moc"
