#include "managers/log_store.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "managers/text.h"

namespace llamahome::managers {

/// Lines that wait for the GUI thread; bounded like the store itself.
class LogStore::Sink final : public LogSink {
public:
    Sink(LogStore& store, const Clock& clock, int kept)
        : m_store(&store)
        , m_clock(clock)
        , m_kept(static_cast<std::size_t>(kept)) {}

    void write(LogLevel level, std::string_view module, std::string_view message) override {
        LogLine line{m_clock.now(), level, toQt(module), toQt(message)};
        const std::lock_guard guard(m_mutex);
        if (m_store == nullptr) return;
        const bool isFirst = m_waiting.empty();
        m_waiting.push_back(std::move(line));
        if (m_waiting.size() > m_kept) m_waiting.pop_front();
        if (isFirst)
            QMetaObject::invokeMethod(
                m_store, [store = m_store] { store->m_timer.start(); }, Qt::QueuedConnection);
    }

    std::deque<LogLine> take() {
        const std::lock_guard guard(m_mutex);
        return std::exchange(m_waiting, {});
    }

    void leave() {
        const std::lock_guard guard(m_mutex);
        m_store = nullptr;
    }

private:
    std::mutex m_mutex;
    LogStore* m_store; ///< null once the store is gone
    const Clock& m_clock;
    std::size_t m_kept;
    std::deque<LogLine> m_waiting;
};

QString logLevelName(LogLevel level) {
    switch (level) {
    case LogLevel::Trace:
        return QStringLiteral("trace");
    case LogLevel::Debug:
        return QStringLiteral("debug");
    case LogLevel::Info:
        return QStringLiteral("info");
    case LogLevel::Warning:
        return QStringLiteral("warning");
    case LogLevel::Error:
        return QStringLiteral("error");
    case LogLevel::Off:
        break;
    }
    return QStringLiteral("off");
}

QString logLineText(const LogLine& line) {
    return toQt(formatUtc(line.time)) + u' ' + logLevelName(line.level) + u' ' + line.module +
           QStringLiteral(": ") + line.text;
}

LogStore::LogStore(const Clock& clock, int kept, QObject* parent)
    : QObject(parent)
    , m_kept(kept)
    , m_sink(std::make_shared<Sink>(*this, clock, kept)) {
    m_timer.setSingleShot(true);
    m_timer.setInterval(kLeastBetween);
    connect(&m_timer, &QTimer::timeout, this, &LogStore::takeWaiting);
}

LogStore::~LogStore() {
    m_sink->leave();
}

std::shared_ptr<LogSink> LogStore::sink() const {
    return m_sink;
}

void LogStore::takeWaiting() {
    std::deque<LogLine> waiting = m_sink->take();
    if (waiting.empty()) return;
    const int added = static_cast<int>(waiting.size());
    const int before = static_cast<int>(m_lines.size());
    const int dropped = std::clamp(before + added - m_kept, 0, before);
    m_lines.erase(m_lines.begin(), m_lines.begin() + dropped);
    std::move(waiting.begin(), waiting.end(), std::back_inserter(m_lines));
    Q_EMIT linesChanged(dropped, added);
}

} // namespace llamahome::managers
