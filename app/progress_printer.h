// Shows the progress of a job: one live line on a terminal; else plain lines of phases that last longer than
// a second, at most one every 5 s. Main thread.
#pragma once

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

    /// Shows `progress` if it is time to. `note` follows the amount: "loss 1.42, 1510 tokens/s".
    void show(const Progress& progress, const std::string& note = {});
    /// The same as a sink, valid as long as the printer.
    ProgressSink sink();

private:
    std::string text(const Progress& progress, const std::string& note, bool withBar) const;

    Output& m_output;
    const Clock& m_clock;
    ProgressMeter m_meter;
    std::optional<std::string> m_phase;
    double m_phaseBegin = 0.0;
    std::optional<double> m_lastShown;
    bool m_isEndShown = false;
};

} // namespace llamahome::app
