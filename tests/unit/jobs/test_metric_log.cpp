#include <limits>

#include <QTest>

#include "core/json.h"
#include "jobs/train/metric_log.h"
#include "support/fault_file_layer.h"
#include "support/fixed_clock.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

engine::MetricPoint trainPoint(std::int64_t step) {
    engine::MetricPoint point;
    point.step = step;
    point.epoch = 0.25;
    point.trainLoss = 1.5;
    point.learningRate = 5e-5;
    point.gradNorm = 0.75;
    point.tokens = 2048;
    point.supervisedTokens = 811;
    point.tokensPerSecond = 1510.23;
    point.stepSeconds = 1.35611;
    return point;
}

engine::MetricPoint evalPoint(std::int64_t step, double evalLoss) {
    engine::MetricPoint point = trainPoint(step);
    point.isEvaluation = true;
    point.evalLoss = evalLoss;
    return point;
}

std::string keysOf(const Json& json) {
    std::string keys;
    for (const auto& [key, value] : json.items())
        keys += (keys.empty() ? "" : " ") + key;
    return keys;
}

std::vector<std::int64_t> stepsOf(const std::vector<MetricLine>& lines) {
    std::vector<std::int64_t> steps;
    for (const MetricLine& line : lines)
        steps.push_back(line.point.step);
    return steps;
}

} // namespace

class TestMetricLog final : public QObject {
    Q_OBJECT

private:
    const FixedClock m_clock{};

    std::vector<std::string> linesOf(const std::filesystem::path& path) const {
        const std::string text = *readFile(path);
        std::vector<std::string> lines;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            lines.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
        return lines;
    }

private Q_SLOTS:
    void linesHaveTheKeysAndOrderThatScriptsReadFor() {
        const TemporaryFolder folder;
        auto log = MetricLog::open(systemFiles(), folder / "metrics.jsonl", m_clock);
        QVERIFY(log);
        QVERIFY(log->append(trainPoint(12)));
        QVERIFY(log->append(evalPoint(20, 1.123)));
        QVERIFY(log->appendResume(20));
        const auto lines = linesOf(folder / "metrics.jsonl");
        QCOMPARE(lines.size(), std::size_t{3});
        QCOMPARE(keysOf(*parseJson(lines[0], "line")),
                 std::string("kind step epoch train_loss learning_rate grad_norm tokens supervised_tokens "
                             "tokens_per_second step_seconds peak_memory_mib time"));
        QVERIFY2(lines[0].starts_with(
                     R"({"kind":"train","step":12,"epoch":0.25,"train_loss":1.5,"learning_rate":5e-05,)"
                     R"("grad_norm":0.75,"tokens":2048,"supervised_tokens":811,"tokens_per_second":1510.2,)"
                     R"("step_seconds":1.356,"peak_memory_mib":)"),
                 lines[0].c_str());
        QCOMPARE(lines[1], std::string(R"({"kind":"eval","step":20,"epoch":0.25,"train_loss":1.5,)"
                                       R"("eval_loss":1.123,"learning_rate":5e-05,"tokens":2048,)"
                                       R"("time":"2026-01-31T12:00:00.000Z"})"));
        QCOMPARE(lines[2], std::string(R"({"kind":"resume","step":20})"));
    }

    void whatIsNotFiniteStaysValidJson() {
        const TemporaryFolder folder;
        auto log = MetricLog::open(systemFiles(), folder / "m", m_clock);
        engine::MetricPoint point = evalPoint(0, std::numeric_limits<double>::infinity());
        point.trainLoss = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(log->append(point));
        const auto json = parseJson(linesOf(folder / "m").front(), "line");
        QVERIFY(json);
        QVERIFY((*json)["train_loss"].is_null());
        QVERIFY((*json)["eval_loss"].is_null());
        const auto lines = readMetrics(folder / "m");
        QVERIFY(std::isnan(lines->front().point.trainLoss));
    }

    void whatIsWrittenIsRead() {
        const TemporaryFolder folder;
        auto log = MetricLog::open(systemFiles(), folder / "m", m_clock);
        QVERIFY(log->append(trainPoint(1)));
        QVERIFY(log->append(evalPoint(1, 2.5)));
        QVERIFY(log->sync());
        const auto lines = readMetrics(folder / "m");
        QVERIFY(lines);
        QCOMPARE(lines->size(), std::size_t{2});
        QCOMPARE(lines->at(0).point.supervisedTokens, std::uint64_t{811});
        QCOMPARE(lines->at(0).point.learningRate, 5e-5);
        QVERIFY(lines->at(0).peakMemoryMib > 0.0);
        QVERIFY(!lines->at(0).point.isEvaluation);
        QVERIFY(lines->at(1).point.isEvaluation);
        QCOMPARE(*lines->at(1).point.evalLoss, 2.5);
        QCOMPARE(lines->at(1).time, std::string("2026-01-31T12:00:00.000Z"));
    }

    void aMissingFileHasNoLines() {
        const TemporaryFolder folder;
        QVERIFY(readMetrics(folder / "absent")->empty());
    }

    void linesAfterTheResumedStepNoLongerCount() {
        const TemporaryFolder folder;
        auto log = MetricLog::open(systemFiles(), folder / "m", m_clock);
        for (std::int64_t step = 1; step <= 5; ++step)
            QVERIFY(log->append(trainPoint(step)));
        QVERIFY(log->appendResume(3));
        QVERIFY(log->append(trainPoint(4)));
        QVERIFY(log->appendResume(2));
        QVERIFY(log->append(trainPoint(3)));
        QCOMPARE(stepsOf(*readMetrics(folder / "m")), (std::vector<std::int64_t>{1, 2, 3}));
    }

    // Whatever byte a crash stops at, the next line is whole and so are the earlier ones.
    void aCutLineIsEndedByTheNextAppendAndIgnored() {
        const TemporaryFolder folder;
        {
            auto log = MetricLog::open(systemFiles(), folder / "whole", m_clock);
            QVERIFY(log->append(trainPoint(1)));
            QVERIFY(log->append(trainPoint(2)));
        }
        const std::string whole = *readFile(folder / "whole");
        const std::size_t firstEnd = whole.find('\n') + 1;
        for (std::size_t cut = firstEnd; cut < whole.size(); ++cut) {
            QVERIFY(writeFileAtomically(systemFiles(), folder / "m", whole.substr(0, cut)));
            QCOMPARE(stepsOf(*readMetrics(folder / "m")), (std::vector<std::int64_t>{1}));
            auto log = MetricLog::open(systemFiles(), folder / "m", m_clock);
            QVERIFY(log->append(trainPoint(3)));
            const auto steps = stepsOf(*readMetrics(folder / "m"));
            const bool lineWasThere = cut + 1 == whole.size(); // all but its line end
            QCOMPARE(steps,
                     lineWasThere ? (std::vector<std::int64_t>{1, 2, 3}) : (std::vector<std::int64_t>{1, 3}));
        }
    }

    void aLineThatAFullDiskCutIsEndedByTheNextAppend() {
        const TemporaryFolder folder;
        FaultFileLayer files(3, Fault::Short); // open, first line, second line
        auto log = MetricLog::open(files, folder / "m", m_clock);
        QVERIFY(log->append(trainPoint(1)));
        QVERIFY(!log->append(trainPoint(2)));
        QVERIFY(log->append(trainPoint(3)));
        QCOMPARE(stepsOf(*readMetrics(folder / "m")), (std::vector<std::int64_t>{1, 3}));
    }

    void linesOfAnotherShapeAreIgnored() {
        const TemporaryFolder folder;
        const std::string text = "[1]\n{\"kind\":\"train\",\"step\":1}\n{\"kind\":\"other\",\"step\":2}\n\n";
        QVERIFY(writeFileAtomically(systemFiles(), folder / "m", text));
        QVERIFY(readMetrics(folder / "m")->empty());
        QVERIFY(!readMetrics(folder.path()));
    }
};

QTEST_GUILESS_MAIN(TestMetricLog)
#include "test_metric_log.moc"
