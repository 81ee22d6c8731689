// Shows the progress of a job: one live line on a terminal; else plain lines of phases that last longer than
// a second, at most one every 5 s. Main thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "app/output.h"
#include "core/clock.h"
#include "core/progress.h"

namespace llamahome::app {

class ProgressPrinter {
public:
    ProgressPrinter(Output& output, const Clock& clock);
    /// Takes the live line away.
    ~ProgressPrinter();
    ProgressPrinter(const ProgressPrinter&) = delete;
    ProgressPrinter& operator=(const ProgressPrinter&) = delete;

    /// Shows `progress` if it is time to. `note` follows the amount: "loss 1.42, 1510 tokens/s". A live line
    /// that is too long loses its bar first, then parts of the note from their end, the time left never. Time
    /// left is that of the whole phase: it goes on being measured when the phase is taken up again after
    /// others.
    void show(const Progress& progress, const std::string& note = {});
    /// The same as a sink, valid as long as the printer.
    ProgressSink sink();

private:
    std::string liveText(const Progress& progress, std::string note) const;
    std::string text(const Progress& progress, const std::string& note, std::uint64_t barCells) const;
    std::string leftText(const Progress& progress) const;

    Output& m_output;
    const Clock& m_clock;
    std::map<std::string, ProgressMeter> m_meters; ///< by phase
    std::optional<std::string> m_phase;
    double m_phaseBegin = 0.0;
    std::optional<double> m_lastShown;
    bool m_isEndShown = false;
};

} // namespace llamahome::app
