// Prints how long an event waits for the window while it trains the starter model beside it. By hand:
//   QT_QPA_PLATFORM=offscreen build/ci/tests/bench_event_loop "$(packaging/fetch_starter_model.sh --gguf)" 60
// The figures are what a click would feel; the page with the curves is shown meanwhile.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include <QApplication>
#include <QEventLoop>
#include <QTimer>

#include "support/window_way.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::TrainingState;

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Another thread sends an event every few milliseconds; the window's thread notes how long it was on its
/// way.
class EventProbe {
public:
    explicit EventProbe(QObject& receiver)
        : m_thread([this, &receiver] {
            while (!m_isOver) {
                const auto sent = SteadyClock::now();
                QMetaObject::invokeMethod(
                    &receiver, [this, sent] { note(sent); }, Qt::QueuedConnection);
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }) {}
    ~EventProbe() {
        m_isOver = true;
        m_thread.join();
        QCoreApplication::sendPostedEvents();
    }

    void print(const char* what) {
        std::sort(m_waits.begin(), m_waits.end());
        const auto share = [this](double part) {
            return m_waits[static_cast<std::size_t>(part * static_cast<double>(m_waits.size() - 1))];
        };
        std::printf("%-28s %6zu events   median %6.2f ms   p99 %6.2f ms   most %6.2f ms\n", what,
                    m_waits.size(), share(0.5), share(0.99), share(1.0));
    }

private:
    void note(SteadyClock::time_point sent) {
        m_waits.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count());
    }

    std::vector<double> m_waits; ///< window's thread only
    std::atomic<bool> m_isOver = false;
    std::thread m_thread;
};

/// Runs the event loop until a condition holds; Qt Test's own waits sleep between events, which a user's
/// window does not.
void runUntil(const std::function<bool()>& isOver) {
    QEventLoop loop;
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        if (isOver()) loop.quit();
    });
    look.start(200);
    loop.exec();
}

void runFor(int seconds) {
    const auto end = SteadyClock::now() + std::chrono::seconds(seconds);
    runUntil([end] { return SteadyClock::now() >= end; });
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_event_loop STARTER.gguf [SECONDS]\n");
        return 2;
    }
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
    const QApplication app(argc, argv);
    WindowWay way(LLAMAHOME_ENGINE_FOLDER);
    QObject receiver;
    {
        EventProbe probe(receiver);
        runFor(5);
        probe.print("at rest");
    }
    {
        EventProbe probe(receiver);
        way.ground().drop({QString::fromLocal8Bit(argv[1])});
        way.click("startImportButton");
        runUntil([&] { return way.session().models.hasUsableModel(); });
        probe.print("importing");
    }
    way.click("trainButton");
    way.click("useSample");
    way.session().training.setup().choosePreset(QStringLiteral("quick_look"));
    way.awaitTraining(TrainingState::Ready);
    way.click("startButton");
    {
        EventProbe probe(receiver);
        runUntil([&] { return way.session().training.lastPoint().has_value(); });
        probe.print("loading, first evaluation");
    }
    {
        EventProbe probe(receiver);
        runFor(seconds);
        probe.print("training");
    }
    way.click("stopButton");
    way.click("stopKeepLast");
    way.awaitTraining(TrainingState::Done);
    return 0;
}
