// How far a download is: a live line or plain lines for people, JSON Lines for scripts. Main thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/output.h"
#include "app/progress_printer.h"
#include "core/clock.h"
#include "core/progress.h"
#include "download/set_status.h"
#include "jobs/download/download_model.h"

namespace llamahome::app {

class DownloadPrinter {
public:
    /// All outlive it.
    DownloadPrinter(Output& output, const Clock& clock)
        : m_output(output)
        , m_clock(clock)
        , m_printer(output, clock) {}

    /// A sink for the job, valid as long as this. Under --json {"kind":"progress","phase","done","total",
    /// "unit","rate_per_second","seconds_left"}, at most one a second and the last of a phase.
    ProgressSink sink();

    /// Tells once what all transfers wait for, where it is more than their turn.
    void tellWaiting(const download::SetStatus& status);

private:
    void show(const Progress& progress);

    Output& m_output;
    const Clock& m_clock;
    ProgressPrinter m_printer;
    std::map<std::string, ProgressMeter> m_meters; ///< by phase
    std::string m_phase;
    std::optional<double> m_lastLine; ///< of this phase
    bool m_isEndTold = false;
    std::string m_waitingFor; ///< told already
};

/// The end of a download: what is there now and what to type next; under --json one line
/// {"kind":"done", …the entry…, "was_there", "repaired", "notes"}.
void showDownloaded(Output& output, const jobs::DownloadResult& result);

} // namespace llamahome::app
