#include <thread>

#include <QSignalSpy>
#include <QTest>

#include "managers/log_store.h"
#include "support/fixed_clock.h"

using namespace llamahome;
using namespace llamahome::managers;
using llamahome::testing::FixedClock;

namespace {

constexpr int kPatienceMs = 30'000;

QStringList texts(const LogStore& store) {
    QStringList texts;
    for (const LogLine& line : store.lines())
        texts.append(line.text);
    return texts;
}

} // namespace

class TestLogStore final : public QObject {
    Q_OBJECT

private:
    FixedClock m_clock;

private Q_SLOTS:
    void aLineComesWithItsTimeLevelAndPart() {
        LogStore store(m_clock);
        store.sink()->write(LogLevel::Warning, "jobs", "slow disk");
        QTRY_COMPARE_WITH_TIMEOUT(store.lines().size(), std::size_t(1), kPatienceMs);
        QCOMPARE(logLineText(store.lines().front()),
                 QStringLiteral("2026-01-31T12:00:00.000Z warning jobs: slow disk"));
    }

    void theOldestLinesGoWhenItIsFull() {
        LogStore store(m_clock, 3);
        QSignalSpy changes(&store, &LogStore::linesChanged);
        const auto sink = store.sink();
        for (const char* text : {"a", "b"})
            sink->write(LogLevel::Info, "jobs", text);
        QTRY_COMPARE_WITH_TIMEOUT(changes.size(), 1, kPatienceMs);
        for (const char* text : {"c", "d"})
            sink->write(LogLevel::Info, "jobs", text);
        QTRY_COMPARE_WITH_TIMEOUT(changes.size(), 2, kPatienceMs);
        QCOMPARE(texts(store), (QStringList{QStringLiteral("b"), QStringLiteral("c"), QStringLiteral("d")}));
        QCOMPARE(changes.at(1), (QVariantList{1, 2}));
    }

    void aBurstBeyondItsSizeKeepsTheNewest() {
        LogStore store(m_clock, 3);
        QSignalSpy changes(&store, &LogStore::linesChanged);
        for (int i = 0; i < 100; ++i)
            store.sink()->write(LogLevel::Info, "jobs", std::to_string(i));
        QTRY_COMPARE_WITH_TIMEOUT(changes.size(), 1, kPatienceMs);
        QCOMPARE(texts(store),
                 (QStringList{QStringLiteral("97"), QStringLiteral("98"), QStringLiteral("99")}));
    }

    void linesOfAnyThreadArriveInBatches() {
        constexpr int kLines = 2000;
        LogStore store(m_clock);
        QSignalSpy changes(&store, &LogStore::linesChanged);
        std::thread writer([sink = store.sink()] {
            for (int i = 0; i < kLines; ++i)
                sink->write(LogLevel::Debug, "engine", std::to_string(i));
        });
        writer.join();
        QTRY_COMPARE_WITH_TIMEOUT(store.lines().size(), std::size_t(kLines), kPatienceMs);
        QCOMPARE(changes.size(), 1);
        QCOMPARE(store.lines().back().text, QString::number(kLines - 1));
    }

    void aSinkThatOutlivesItsStoreDropsItsLines() {
        std::shared_ptr<LogSink> sink;
        {
            LogStore store(m_clock);
            sink = store.sink();
            sink->write(LogLevel::Info, "jobs", "before");
        }
        sink->write(LogLevel::Info, "jobs", "after");
        QCOMPARE(sink.use_count(), 1L);
    }
};

QTEST_GUILESS_MAIN(TestLogStore)
#include "test_log_store.moc"
