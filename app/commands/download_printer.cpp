#include "app/commands/download_printer.h"

#include "app/commands/model_words.h"
#include "core/quantity.h"

namespace llamahome::app {
namespace {

constexpr double kLineSeconds = 1.0;
constexpr std::string_view kItsTurn = "its turn"; ///< what a file waits for that others are before

Json numberOrNull(const std::optional<double>& value) {
    return value ? Json(*value) : Json();
}

} // namespace

ProgressSink DownloadPrinter::sink() {
    return [this](const Progress& progress) { show(progress); };
}

void DownloadPrinter::tellWaiting(const download::SetStatus& status) {
    using State = download::TransferState;
    const bool isMoving = status.countOf(State::Receiving) + status.countOf(State::Checking) > 0;
    std::string reason;
    for (const download::FileStatus& file : status.files)
        if (!isMoving && file.state == State::Waiting && file.reason != kItsTurn) reason = file.reason;
    if (isMoving) m_waitingFor.clear();
    if (reason.empty() || !m_waitingFor.empty()) return;
    m_waitingFor = reason;
    m_output.message("Waiting: " + reason + ". What is here is kept; Ctrl-C stops.");
    m_output.jsonLine(Json{{"kind", "waiting"}, {"reason", reason}});
}

void DownloadPrinter::show(const Progress& progress) {
    m_printer.show(progress);
    if (!m_output.isJson()) return;
    ProgressMeter& meter = m_meters.try_emplace(progress.phase, m_clock).first->second;
    meter.update(progress);
    const double now = m_clock.monotonicSeconds();
    const bool isEnd = progress.total > 0 && progress.done >= progress.total;
    if (progress.phase != m_phase) {
        m_phase = progress.phase;
        m_lastLine.reset();
        m_isEndTold = false;
    }
    if (m_isEndTold || (!isEnd && m_lastLine && now - *m_lastLine < kLineSeconds)) return;
    m_lastLine = now;
    m_isEndTold = isEnd;
    m_output.jsonLine(Json{{"kind", "progress"},
                           {"phase", progress.phase},
                           {"done", progress.done},
                           {"total", progress.total},
                           {"unit", progress.unit},
                           {"rate_per_second", numberOrNull(meter.ratePerSecond())},
                           {"seconds_left", numberOrNull(meter.secondsLeft())}});
}

void showDownloaded(Output& output, const jobs::DownloadResult& result) {
    const jobs::ModelEntry& entry = result.entry;
    std::string what = result.wasThere ? " is already there: " : " downloaded: ";
    if (!result.repaired.empty()) what = " is whole again: ";
    output.line(entry.name + what + formatBytes(entry.sizeBytes) + " in " + displayPath(entry.path));
    for (const std::string& file : result.repaired)
        output.line("Fetched anew: " + file);
    for (const std::string& note : result.notes)
        output.line("Note: " + note);
    output.line("Next: " + output.typed("llamahome chat " + typedName(entry)));
    Json json{{"kind", "done"}};
    json.update(entryJson(entry));
    json["kind"] = "done"; // the entry's own kind is "model", always
    json["was_there"] = result.wasThere;
    json["repaired"] = result.repaired;
    json["notes"] = result.notes;
    output.jsonLine(json);
}

} // namespace llamahome::app
