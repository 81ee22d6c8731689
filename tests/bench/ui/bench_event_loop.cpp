// Prints how long an event waits for the window while it downloads at full speed, imports and trains. By
// hand:
//   QT_QPA_PLATFORM=offscreen build/ci/tests/bench_event_loop "$(packaging/fetch_starter_model.sh --gguf)" 60
// The figures are what a click would feel; the page of what is being done is shown meanwhile. Of the longest
// wait it tells how much of it the window's thread was ready and got no core: that is the machine's load, not
// the window's.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <QApplication>
#include <QEventLoop>
#include <QTimer>

#include "core/digest.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "support/checked.h"
#include "support/http_server.h"
#include "support/window_way.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::TrainingState;

namespace {

using SteadyClock = std::chrono::steady_clock;

/// How long the calling thread has been ready and waited for a core, by the kernel's count; 0 where there is
/// none.
double millisecondsWithoutCore() {
    std::ifstream file("/proc/thread-self/schedstat");
    double onCore = 0.0;
    double waited = 0.0;
    file >> onCore >> waited;
    constexpr double kNanoseconds = 1e6;
    return waited / kNanoseconds;
}

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
        std::printf("%-26s %6zu events   median %5.2f ms   p99 %6.2f   p99.9 %6.2f   most %6.2f, %.2f of it "
                    "without a core\n",
                    what, m_waits.size(), share(0.5), share(0.99), share(0.999), share(1.0),
                    m_longestWithoutCore);
        std::fflush(stdout);
    }

private:
    void note(SteadyClock::time_point sent) {
        const double wait = std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count();
        const double withoutCore = millisecondsWithoutCore();
        if (m_waits.empty() || wait > m_longest) {
            m_longest = wait;
            m_longestWithoutCore = withoutCore - m_withoutCore;
        }
        m_withoutCore = withoutCore;
        m_waits.push_back(wait);
    }

    std::vector<double> m_waits; ///< these are the window's thread's only
    double m_longest = 0.0;
    double m_longestWithoutCore = 0.0; ///< since the event before it
    double m_withoutCore = millisecondsWithoutCore();
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

/// A mirror on loopback with the tiny model's small files and weights that take a while.
class LargeMirror {
public:
    explicit LargeMirror(const std::filesystem::path& tiny)
        : m_block(kBlockBytes, 'w')
        , m_server([this](const ServedRequest& request) { return answer(request); }) {
        for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
            m_small[name] = checked(readFile(tiny / name));
            m_sums += sha256Hex(m_small[name]) + "  " + name + "\n";
        }
        Digest hash(DigestKind::Sha256);
        for (std::uint64_t at = 0; at < kWeightBytes; at += m_block.size())
            hash.update(m_block);
        m_sums += hash.hex() + "  model.safetensors\n";
    }

    QString place() const { return QString::fromStdString(m_server.url("")); }

private:
    static constexpr std::size_t kBlockBytes = 256U << 10;         ///< as the server sends them
    static constexpr std::uint64_t kWeightBytes = 16'384ULL << 18; ///< of such blocks

    ServedAnswer answer(const ServedRequest& request) {
        const std::string name = request.target.substr(1);
        if (name == "SHA256SUMS") return {httpAnswer(200, m_sums)};
        if (m_small.contains(name)) return {fileAnswer(request, m_small.at(name))};
        if (name != "model.safetensors") return {httpAnswer(404, "")};
        ServedAnswer answer{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kWeightBytes) +
                            "\r\n\r\n"};
        answer.generatedBytes = kWeightBytes;
        answer.generate = [this](std::uint64_t at, std::span<char> bytes) {
            if (at == 0) std::memcpy(bytes.data(), m_block.data(), bytes.size()); // the same bytes ever after
        };
        return answer;
    }

    std::string m_block;
    std::map<std::string, std::string> m_small;
    std::string m_sums;
    HttpServer m_server;
};

/// The page of downloads, while weights come as fast as they may.
void measureDownload(WindowWay& way, QObject& receiver) {
    LargeMirror mirror(way.ground().ground.source());
    managers::DownloadManager& downloads = way.session().downloads;
    way.window().goTo(widgets::Place::Downloads);
    const quint64 id =
        downloads.start({QStringLiteral("smollm2/360m"), jobs::DownloadSource::Mirror, mirror.place()});
    runUntil([&] { return downloads.find(id)->doneBytes > 0 || downloads.find(id)->hasEnded(); });
    EventProbe probe(receiver);
    const auto start = SteadyClock::now();
    const quint64 before = downloads.find(id)->doneBytes;
    runUntil([&] { return downloads.find(id)->hasEnded(); });
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
    probe.print("downloading");
    const quint64 came = downloads.find(id)->totalBytes - before;
    std::printf("%-26s %.0f MB/s with server, hash and window on this machine\n", "",
                static_cast<double>(came) / 1e6 / seconds);
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
    measureDownload(way, receiver);
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
