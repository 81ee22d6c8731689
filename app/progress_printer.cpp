#include "app/progress_printer.h"

#include <algorithm>
#include <cmath>

#include "app/text_width.h"
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

std::string bar(const Progress& progress, std::uint64_t cells) {
    const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
    const auto filled =
        std::min<std::uint64_t>(cells, static_cast<std::uint64_t>(share * static_cast<double>(cells)));
    return "[" + std::string(filled, '#') + std::string(cells - filled, '.') + "] ";
}

} // namespace

ProgressPrinter::ProgressPrinter(Output& output, const Clock& clock)
    : m_output(output)
    , m_clock(clock) {}

ProgressPrinter::~ProgressPrinter() {
    m_output.endLiveLine();
}

ProgressSink ProgressPrinter::sink() {
    return [this](const Progress& progress) { show(progress); };
}

void ProgressPrinter::show(const Progress& progress, const std::string& note) {
    m_meters.try_emplace(progress.phase, m_clock).first->second.update(progress);
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
    isLive ? m_output.liveLine(liveText(progress, note)) : m_output.message(text(progress, note, 0));
}

std::string ProgressPrinter::liveText(const Progress& progress, std::string note) const {
    const auto room = static_cast<std::size_t>(std::max(1, m_output.columns() - 1));
    for (const std::uint64_t cells : {kBarCells, kBarCells / 2, kBarCells / 4, std::uint64_t{0}})
        if (std::string line = text(progress, note, cells); displayWidth(line) <= room) return line;
    while (!note.empty()) {
        const std::size_t comma = note.rfind(", ");
        note.erase(comma == std::string::npos ? 0 : comma);
        if (std::string line = text(progress, note, 0); displayWidth(line) <= room) return line;
    }
    return text(progress, note, 0);
}

std::string ProgressPrinter::leftText(const Progress& progress) const {
    const auto meter = m_meters.find(progress.phase);
    if (meter == m_meters.end()) return {};
    const auto left = meter->second.secondsLeft();
    return left && *left > 0 ? ", " + formatDuration(*left) + " left" : "";
}

std::string ProgressPrinter::text(const Progress& progress, const std::string& note,
                                  std::uint64_t barCells) const {
    std::string line = progress.phase.empty() ? "" : progress.phase + " ";
    if (progress.total == 0 && progress.done == 0) return progress.phase + " …";
    if (barCells > 0 && progress.total > 0) line += bar(progress, barCells);
    line += amount(progress.done, progress.unit);
    if (progress.total > 0) line += " of " + amount(progress.total, progress.unit);
    if (progress.unit != "bytes") line += " " + progress.unit;
    if (!note.empty()) line += ", " + note;
    const auto meter = m_meters.find(progress.phase);
    const auto rate = meter == m_meters.end() ? std::nullopt : meter->second.ratePerSecond();
    if (rate && note.empty()) line += ", " + rateText(*rate, progress.unit);
    return line + leftText(progress);
}

} // namespace llamahome::app
