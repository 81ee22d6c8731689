// LogStore: the last lines of the log for the window. A QObject on the GUI thread; its sink takes lines from
// any.
#pragma once

#include <chrono>
#include <deque>
#include <memory>

#include <QObject>
#include <QString>
#include <QTimer>

#include "core/clock.h"
#include "core/log.h"

namespace llamahome::managers {

struct LogLine {
    std::chrono::system_clock::time_point time;
    LogLevel level = LogLevel::Info;
    QString module;
    QString text;
};

/// "2026-01-31T12:00:00.000Z warning jobs: message", as the log file has it.
QString logLineText(const LogLine& line);
/// "trace", "debug", "info", "warning", "error", "off".
QString logLevelName(LogLevel level);

/// Keeps `kept` lines, drops the oldest, and tells of new ones at most ten times a second.
class LogStore final : public QObject {
    Q_OBJECT

public:
    static constexpr int kKept = 5000;
    static constexpr std::chrono::milliseconds kLeastBetween{100};

    explicit LogStore(const Clock& clock, int kept = kKept, QObject* parent = nullptr);
    ~LogStore() override;

    /// For setLogSink(), alone or behind a tee. May outlive the store; its lines are dropped then.
    std::shared_ptr<LogSink> sink() const;
    /// Oldest first.
    const std::deque<LogLine>& lines() const { return m_lines; }

Q_SIGNALS:
    /// `dropped` lines have gone from the front, then `added` have come at the end. Never more than a
    /// store-full of either.
    void linesChanged(int dropped, int added);

private:
    class Sink;
    void takeWaiting();

    int m_kept;
    std::shared_ptr<Sink> m_sink;
    std::deque<LogLine> m_lines;
    QTimer m_timer; ///< runs from the first waiting line on
};

} // namespace llamahome::managers
