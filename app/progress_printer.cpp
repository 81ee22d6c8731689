#include "app/progress_printer.h"

#include <algorithm>
#include <cmath>

#include "core/quantity.h"

namespace llamahome::app {
namespace {

constexpr double kLiveSeconds = 0.1;
constexpr double kPlainSeconds = 5.0;
constexpr double kWorthALineSeconds = 1.0; ///< a phase that ends sooner has no plain line
constexpr std::uint64_t kBarCells = 20;

std::string amount(std::uint64_t value, const std::string& unit) {
    return unit == "bytes" ? formatBytes(value) : std::to_string(value);
}

std::string rateText(double rate, const std::string& unit) {
    if (unit == "bytes") return formatBytes(static_cast<std::uint64_t>(std::llround(rate))) + "/s";
    return formatNumber(rate, 3) + " " + unit + "/s";
}

std::string bar(const Progress& progress) {
    const std::uint64_t filled =
        progress.total == 0 ? 0
                            : std::min<std::uint64_t>(
                                  kBarCells, static_cast<std::uint64_t>(static_cast<double>(progress.done) /
                                                                        static_cast<double>(progress.total) *
                                                                        static_cast<double>(kBarCells)));
    return "[" + std::string(filled, '#') + std::string(kBarCells - filled, '.') + "] ";
}

} // namespace

ProgressPrinter::ProgressPrinter(Output& output, const Clock& clock)
    : m_output(output)
    , m_clock(clock)
    , m_meter(clock) {}

ProgressPrinter::~ProgressPrinter() {
    m_output.endLiveLine();
}

ProgressSink ProgressPrinter::sink() {
    return [this](const Progress& progress) { show(progress); };
}

void ProgressPrinter::show(const Progress& progress, const std::string& note) {
    m_meter.update(progress);
    if (m_output.isQuiet()) return;
    const double now = m_clock.monotonicSeconds();
    const bool isLive = m_output.hasLiveLine();
    const bool isEnd = progress.total > 0 && progress.done >= progress.total;
    if (progress.phase != m_phase) {
        m_phase = progress.phase;
        m_phaseBegin = now;
        m_isEndShown = false;
        if (isLive) m_lastShown.reset();
    }
    if (!isLive && now - m_phaseBegin < kWorthALineSeconds) return;
    const double pause = isLive ? kLiveSeconds : kPlainSeconds;
    const bool isDue = !m_lastShown || now - *m_lastShown >= pause || (isLive && isEnd && !m_isEndShown);
    if (!isDue || m_isEndShown) return;
    m_lastShown = now;
    m_isEndShown = isEnd;
    const std::string line = text(progress, note, isLive);
    isLive ? m_output.liveLine(line) : m_output.message(line);
}

std::string ProgressPrinter::text(const Progress& progress, const std::string& note, bool withBar) const {
    std::string line = progress.phase.empty() ? "" : progress.phase + " ";
    if (progress.total == 0 && progress.done == 0) return progress.phase + " …";
    if (withBar && progress.total > 0) line += bar(progress);
    line += amount(progress.done, progress.unit);
    if (progress.total > 0) line += " of " + amount(progress.total, progress.unit);
    if (progress.unit != "bytes") line += " " + progress.unit;
    if (!note.empty()) line += ", " + note;
    if (const auto rate = m_meter.ratePerSecond(); rate && note.empty())
        line += ", " + rateText(*rate, progress.unit);
    if (const auto left = m_meter.secondsLeft(); left && *left > 0)
        line += ", " + formatDuration(*left) + " left";
    return line;
}

} // namespace llamahome::app
