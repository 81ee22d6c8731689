// The numbers of a run: what is kept, what is drawn, how the countdown to early stopping goes.
#include <cmath>
#include <fstream>
#include <limits>
#include <memory>
#include <random>

#include <QSignalSpy>
#include <QTest>

#include "items/metric_line_table.h"
#include "items/metric_table.h"
#include "managers/metric_csv.h"
#include "managers/metric_store.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using managers::Metric;
using managers::MetricColumns;
using managers::MetricSample;
using managers::SeriesPoint;

namespace {

MetricSample train(std::int64_t step, double loss) {
    MetricSample sample;
    sample.point.step = step;
    sample.point.epoch = static_cast<double>(step) / 100.0;
    sample.point.trainLoss = loss;
    sample.point.learningRate = 1e-4;
    sample.point.gradNorm = 0.5;
    sample.point.tokensPerSecond = 1000.0;
    sample.peakMemoryMib = 512.0;
    return sample;
}

MetricSample evaluation(std::int64_t step, double loss) {
    MetricSample sample;
    sample.point.isEvaluation = true;
    sample.point.step = step;
    sample.point.evalLoss = loss;
    return sample;
}

/// A long run: a falling curve with noise, and single steps far off.
MetricColumns longRun(std::int64_t steps, int evaluateEvery) {
    std::mt19937 random(7);
    std::normal_distribution<double> noise(0.0, 0.1);
    MetricColumns columns({true, 3, 0.01});
    for (std::int64_t step = 1; step <= steps; ++step) {
        double loss = 3.0 / (1.0 + 1e-5 * static_cast<double>(step)) + noise(random);
        if (step % 99'991 == 0) loss = 50.0;
        if (step % 77'773 == 0) loss = 0.001;
        columns.append(train(step, loss));
        if (step % evaluateEvery == 0) columns.append(evaluation(step, loss));
    }
    return columns;
}

/// Whether `points` hold the least and the greatest value of every pixel, found the slow way.
bool keepsExtremes(const MetricColumns& columns, double from, double to, int pixels,
                   const std::vector<SeriesPoint>& points) {
    std::size_t row = 0;
    while (row < columns.rows() && static_cast<double>(columns.stepAt(row)) < from)
        ++row;
    for (int pixel = 0; pixel < pixels; ++pixel) {
        const double end = from + (to - from) * (pixel + 1) / pixels;
        double least = std::numeric_limits<double>::infinity();
        double greatest = -least;
        for (; row < columns.rows(); ++row) {
            const auto step = static_cast<double>(columns.stepAt(row));
            if (pixel + 1 < pixels ? step >= end : step > to) break;
            const double value = *columns.valueAt(Metric::TrainLoss, row);
            least = std::min(least, value);
            greatest = std::max(greatest, value);
        }
        if (greatest < least) continue;
        const double begin = from + (to - from) * pixel / pixels;
        bool hasLeast = false;
        bool hasGreatest = false;
        for (const SeriesPoint& point : points) {
            if (point.step < begin || point.step > end) continue;
            hasLeast = hasLeast || point.value == least;
            hasGreatest = hasGreatest || point.value == greatest;
        }
        if (!hasLeast || !hasGreatest) return false;
    }
    return true;
}

} // namespace

class TestMetricStore final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aMillionPointsAreDrawnWithTheirExtremesFromTwoAPixel() {
        const MetricColumns columns = longRun(1'000'000, 1000);
        QCOMPARE(columns.rows(), std::size_t(1'000'000));
        struct View {
            double from;
            double to;
        };
        for (const View view : {View{0, 1'000'000}, View{123'456, 234'567}, View{99'990.5, 99'993.5}}) {
            constexpr int kPixels = 700;
            const auto points = columns.decimate(Metric::TrainLoss, view.from, view.to, kPixels);
            QVERIFY(points.size() <= 2 * kPixels + 2);
            QVERIFY(std::is_sorted(points.begin(), points.end(),
                                   [](const auto& a, const auto& b) { return a.step < b.step; }));
            QVERIFY(keepsExtremes(columns, view.from, view.to, kPixels, points));
        }
    }

    void aMillionPointsTakeLittleMemory() {
        QVERIFY(longRun(1'000'000, 1).bytes() <= MetricColumns::kBytesPerRow * 1'000'000);
    }

    void fewPointsAreDrawnAsTheyAre() {
        MetricColumns columns;
        for (const std::int64_t step : {1, 2, 3, 10, 20})
            columns.append(train(step, 1.0 / static_cast<double>(step)));
        const auto all = columns.decimate(Metric::TrainLoss, 0, 20, 500);
        QCOMPARE(all.size(), std::size_t(5));
        // A line that leaves the view goes on to the next point outside.
        const auto some = columns.decimate(Metric::TrainLoss, 2.5, 9.0, 500);
        QCOMPARE(some.size(), std::size_t(3));
        QCOMPARE(some.front().step, 2.0);
        QCOMPARE(some.back().step, 10.0);
        QVERIFY(columns.decimate(Metric::EvalLoss, 0, 20, 500).empty());
    }

    void smoothingIsTheRunningMeanWithItsStartCorrected() {
        MetricColumns columns;
        double average = 0.0;
        for (int step = 1; step <= 20; ++step) {
            const double loss = step % 2 == 0 ? 1.0 : 3.0;
            columns.append(train(step, loss));
            average = MetricColumns::kSmoothing * average + (1.0 - MetricColumns::kSmoothing) * loss;
            const double expected = average / (1.0 - std::pow(MetricColumns::kSmoothing, step));
            const auto value = columns.valueAt(Metric::SmoothedLoss, columns.rows() - 1);
            QVERIFY(value && std::abs(*value - expected) < 1e-5);
        }
    }

    void theCountdownIsThatOfEarlyStopping() {
        MetricColumns columns({true, 3, 0.01});
        QVERIFY(!columns.best());
        columns.append(evaluation(0, 2.0));
        columns.append(evaluation(10, 1.5));
        QCOMPARE(columns.evaluationsWithoutImprovement(), 0);
        columns.append(evaluation(20, 1.495)); // lower, but by too little to count
        QCOMPARE(columns.best()->step, 20);
        QCOMPARE(columns.evaluationsWithoutImprovement(), 1);
        columns.append(evaluation(30, 1.6));
        QCOMPARE(columns.evaluationsWithoutImprovement(), 2);
        columns.append(evaluation(40, 1.2));
        QCOMPARE(columns.evaluationsWithoutImprovement(), 0);
        QCOMPARE(*columns.firstEvaluation(), 2.0);
        QCOMPARE(*columns.lastEvaluation(), 1.2);
    }

    void anEvaluationStandsInTheRowOfItsStep() {
        MetricColumns columns;
        columns.append(evaluation(0, 2.0));
        columns.append(train(1, 1.9));
        columns.append(train(2, 1.8));
        columns.append(evaluation(2, 1.7));
        QCOMPARE(columns.rows(), std::size_t(3));
        QVERIFY(!columns.valueAt(Metric::TrainLoss, 0));
        QVERIFY(std::abs(*columns.valueAt(Metric::EvalLoss, 2) - 1.7) < 1e-6);
        QVERIFY(std::abs(*columns.valueAt(Metric::TrainLoss, 2) - 1.8) < 1e-6);
        QCOMPARE(*columns.knownNear(Metric::EvalLoss, 1), std::size_t(0));
    }

    void aNumberThatIsNoneIsAGap() {
        MetricColumns columns;
        columns.append(train(1, 1.0));
        columns.append(train(2, std::numeric_limits<double>::quiet_NaN()));
        columns.append(train(3, 2.0));
        QVERIFY(!columns.valueAt(Metric::TrainLoss, 1));
        QCOMPARE(columns.decimate(Metric::TrainLoss, 0, 3, 100).size(), std::size_t(2));
        QCOMPARE(columns.range(Metric::TrainLoss, 0, 3)->maximum, 2.0);
    }

    void aResumedRunDropsWhatItDoesAgain() {
        MetricColumns once({true, 3, 0.0});
        MetricColumns twice({true, 3, 0.0});
        for (int step = 1; step <= 2000; ++step) {
            const double loss = 2.0 + std::sin(step);
            once.append(train(step, loss));
            if (step % 100 == 0) once.append(evaluation(step, loss));
        }
        for (int step = 1; step <= 1777; ++step) {
            twice.append(train(step, step > 1500 ? 99.0 : 2.0 + std::sin(step)));
            if (step % 100 == 0) twice.append(evaluation(step, step > 1500 ? 0.01 : 2.0 + std::sin(step)));
        }
        QCOMPARE(twice.best()->step, 1600);
        for (int step = 1501; step <= 2000; ++step) {
            const double loss = 2.0 + std::sin(step);
            twice.append(train(step, loss));
            if (step % 100 == 0) twice.append(evaluation(step, loss));
        }
        QCOMPARE(twice.rows(), once.rows());
        QCOMPARE(twice.best()->step, once.best()->step);
        QCOMPARE(twice.evaluationsWithoutImprovement(), once.evaluationsWithoutImprovement());
        for (const Metric metric : {Metric::TrainLoss, Metric::SmoothedLoss, Metric::EvalLoss}) {
            const auto a = once.decimate(metric, 0, 2000, 50);
            const auto b = twice.decimate(metric, 0, 2000, 50);
            QCOMPARE(a.size(), b.size());
            for (std::size_t i = 0; i < a.size(); ++i) {
                QCOMPARE(a[i].step, b[i].step);
                QCOMPARE(a[i].value, b[i].value);
            }
        }
    }

    void theFileOfAnOldRunIsReadWithWhatCounts() {
        const testing::TemporaryFolder folder;
        const std::string train = R"("learning_rate":0.1,"grad_norm":1,"tokens":10,"supervised_tokens":5,)"
                                  R"("tokens_per_second":100,"step_seconds":0.1,"peak_memory_mib":700,)";
        const std::string end = R"("time":"2026-01-31T12:00:00.000Z"})";
        std::ofstream(folder / "metrics.jsonl")
            << R"({"kind":"eval","step":0,"epoch":0,"train_loss":null,"eval_loss":2.5,"learning_rate":0,)"
            << R"("tokens":0,)" << end << "\n"
            << R"({"kind":"train","step":1,"epoch":0.5,"train_loss":2.4,)" << train << end << "\n"
            << R"({"kind":"train","step":2,"epoch":1,"train_loss":9,)" << train << end << "\n"
            << R"({"kind":"resume","step":1,)" << end << "\n";
        const auto columns = managers::readMetricColumns(folder / "metrics.jsonl", {});
        QVERIFY(bool(columns));
        QCOMPARE(columns->rows(), std::size_t(2));
        QCOMPARE(columns->lastStep(), 1);
        QCOMPARE(*columns->firstEvaluation(), 2.5);
        QCOMPARE(*columns->valueAt(Metric::MemoryMib, 1), 700.0);
    }

    void theTableGrowsWithTheStoreAndShowsItsNumbers() {
        managers::MetricStore store;
        items::MetricTable table(store);
        QSignalSpy inserted(&table, &QAbstractItemModel::rowsInserted);
        QSignalSpy changed(&table, &QAbstractItemModel::dataChanged);
        store.append({evaluation(0, 2.0), train(1, 1.5), train(2, 1.25)});
        QCOMPARE(table.rowCount(), 3);
        QCOMPARE(inserted.count(), 1);
        const auto cell = [&table](int row, int column) {
            return table.index(row, column).data().toString();
        };
        QCOMPARE(cell(0, items::MetricTable::TrainLoss), QString());
        QCOMPARE(cell(0, items::MetricTable::EvalLoss), QStringLiteral("2"));
        QCOMPARE(cell(2, items::MetricTable::Step), QStringLiteral("2"));
        QCOMPARE(cell(2, items::MetricTable::TrainLoss), QStringLiteral("1.25"));
        QCOMPARE(cell(2, items::MetricTable::Memory), QStringLiteral("537 MB"));
        store.append({evaluation(2, 1.75)});
        QCOMPARE(table.rowCount(), 3);
        QVERIFY(changed.count() > 0);
        QCOMPARE(cell(2, items::MetricTable::EvalLoss), QStringLiteral("1.75"));
        QVERIFY(table.text({table.index(2, 0)}).endsWith(QStringLiteral("537 MB")));
        QSignalSpy reset(&table, &QAbstractItemModel::modelReset);
        store.append({train(2, 1.0)});
        QCOMPARE(table.rowCount(), 3);
        QVERIFY(reset.count() > 0);
        QCOMPARE(cell(2, items::MetricTable::EvalLoss), QString());
        store.clear();
        QCOMPARE(table.rowCount(), 0);
    }

    void theLinesOfAChartAreATableWithEveryStepOnce() {
        managers::MetricStore one;
        auto other = std::make_unique<managers::MetricStore>();
        one.append({train(1, 2.0), train(2, 1.5), evaluation(2, 1.25)});
        other->append({train(2, 3.0), train(4, 2.5)});
        items::MetricLineTable table;
        table.setLines({{QStringLiteral("train"), &one, Metric::TrainLoss},
                        {QStringLiteral("eval"), &one, Metric::EvalLoss},
                        {QStringLiteral("other"), other.get(), Metric::TrainLoss}},
                       [](double value) { return QString::number(value); });
        const auto rows = [&table] {
            QStringList lines;
            for (int row = 0; row < table.rowCount({}); ++row) {
                QStringList cells;
                for (int column = 0; column < table.columnCount({}); ++column)
                    cells << table.index(row, column).data().toString();
                lines << cells.join(u'|');
            }
            return lines;
        };
        QCOMPARE(rows(), (QStringList{QStringLiteral("1|2||"), QStringLiteral("2|1.5|1.25|3"),
                                      QStringLiteral("4|||2.5")}));
        QCOMPARE(table.headerData(3, Qt::Horizontal).toString(), QStringLiteral("other"));
        one.append({train(3, 1.0)});
        QCOMPARE(table.rowCount({}), 4);
        other.reset();
        QCOMPARE(table.index(3, 3).data(), QVariant());
        table.setLines({}, {});
        QCOMPARE(table.rowCount({}) + table.columnCount({}), 0);
    }

    void comparedRunsAreOneTableOfCsv() {
        MetricColumns one;
        one.append(train(1, 2.0));
        one.append(train(3, 1.5));
        MetricColumns other;
        other.append(train(3, 2.5));
        QCOMPARE(managers::comparedCsv({"a", "b"}, {one, other}, Metric::TrainLoss),
                 std::string("step,a,b\n1,2,\n3,1.5,2.5\n"));
        QCOMPARE(managers::comparedCsv({"a"}, {MetricColumns()}, Metric::EvalLoss), std::string("step,a\n"));
    }
};

QTEST_GUILESS_MAIN(TestMetricStore)
#include "test_metric_store.moc"
