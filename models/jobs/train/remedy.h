// Remedy: a change of settings with which a run that failed can go on. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "jobs/train/run_record.h"

namespace llamahome::jobs {

enum class RemedyKind {
    HalfTheRate,  ///< learning rate halved
    SmallerBatch, ///< fewer rows at once, as many in a step: the same training
    ComputeAgain, ///< gradient checkpointing of all layers: the same training, slower
    ShorterRows,  ///< rows are cut at half the length
};

struct Remedy {
    RemedyKind kind = RemedyKind::HalfTheRate;
    std::vector<RunSetting> changes; ///< to the settings that the run has now
};

/// What helps against the failure of that code after so many steps, the mildest first; empty where nothing is
/// known to. Numbers that are none before the first update have nothing to do with its rate.
std::vector<Remedy> remediesFor(std::string_view code, std::int64_t stepsDone,
                                const config::Settings& settings);

/// Whether going on without a change comes to the same end.
bool endsAlike(std::string_view code);

/// "half the learning rate", for "go on with …".
std::string remedyWords(RemedyKind kind);

/// The words of a command that goes on with a run: {"llamahome", "resume", NAME, "--learning-rate",
/// "1.0e-04"}.
std::vector<std::string> resumeWords(const std::string& runName, const std::vector<RunSetting>& changes);
/// The same as a line for the shell.
std::string remedyCommand(const std::string& runName, const Remedy& remedy);

} // namespace llamahome::jobs
