// Prints how long the loss chart takes to redraw a run of a million steps. By hand:
//   QT_QPA_PLATFORM=offscreen build/dev/tests/bench_chart
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

#include <QApplication>
#include <QImage>

#include "widgets/charts/metric_chart.h"

using namespace llamahome;
using managers::Metric;

namespace {

constexpr std::int64_t kSteps = 1'000'000;
constexpr int kRepeats = 50;

double milliseconds(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void print(const char* what, std::vector<double> times) {
    std::sort(times.begin(), times.end());
    std::printf("%-34s median %6.2f ms   p99 %6.2f ms\n", what, times[times.size() / 2],
                times[times.size() * 99 / 100]);
}

managers::MetricColumns run() {
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0.0, 0.15);
    managers::MetricColumns columns({true, 3, 0.01});
    for (std::int64_t step = 1; step <= kSteps; ++step) {
        managers::MetricSample sample;
        sample.point.step = step;
        sample.point.trainLoss = 1.0 + 2.0 / (1.0 + 1e-5 * static_cast<double>(step)) + noise(random);
        columns.append(sample);
        if (step % 5000 != 0) continue;
        sample.point.isEvaluation = true;
        sample.point.evalLoss = sample.point.trainLoss + 0.1;
        columns.append(sample);
    }
    return columns;
}

void measure(widgets::MetricChart& chart, managers::MetricStore& store, const char* what) {
    std::vector<double> prepared;
    std::vector<double> whole;
    QImage image(chart.size(), QImage::Format_RGB32);
    for (int i = 0; i < kRepeats; ++i) {
        managers::MetricSample sample;
        sample.point.step = store.columns().lastStep() + 1;
        sample.point.trainLoss = 1.5 + 0.01 * i;
        store.append({sample});
        const auto start = std::chrono::steady_clock::now();
        chart.redraw();
        prepared.push_back(milliseconds(start));
        chart.render(&image);
        whole.push_back(milliseconds(start));
    }
    std::printf("%s\n", what);
    print("  points chosen and handed over", prepared);
    print("  painted too", whole);
}

} // namespace

int main(int argc, char** argv) {
    const QApplication app(argc, argv);
    managers::MetricStore store;
    const auto start = std::chrono::steady_clock::now();
    store.assign(run());
    std::printf("%lld steps in %.0f ms, %.1f bytes a step\n", static_cast<long long>(kSteps),
                milliseconds(start), static_cast<double>(store.columns().bytes()) / kSteps);
    widgets::MetricChart chart;
    chart.setColors({Qt::white, Qt::black, Qt::darkGray, Qt::lightGray, Qt::darkGreen});
    chart.addLine(store, {QStringLiteral("train"), Metric::TrainLoss, Qt::gray, 1.0, Qt::SolidLine,
                          widgets::ChartMarker::None});
    chart.addLine(store, {QStringLiteral("smoothed"), Metric::SmoothedLoss, Qt::blue, 2.5, Qt::SolidLine,
                          widgets::ChartMarker::None});
    chart.addLine(store, {QStringLiteral("eval"), Metric::EvalLoss, Qt::red, 1.0, Qt::NoPen,
                          widgets::ChartMarker::Circle});
    chart.setBestOf(&store);
    chart.setValueTitle(QStringLiteral("Loss"));
    chart.resize(1100, 600);
    chart.show();
    measure(chart, store, "all steps, 1100 x 600:");
    chart.zoom(0.01, 500'000);
    measure(chart, store, "one step in a hundred:");
    return 0;
}
