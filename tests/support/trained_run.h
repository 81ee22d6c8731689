// A short run of the fake engine on the installed tiny model, so that there are runs and adapters to look at.
// Before any manager is there; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "jobs/train/run_training.h"
#include "support/manager_ground.h"

namespace llamahome::testing {

struct TrainedRun {
    std::string name; ///< empty: the next free one
    double learningRate = 2e-4;
    std::int64_t stopBefore = 0; ///< stopped on request before that step of six; 0: finished
};

/// A data file of twelve questions with answers.
void writeQuestions(const std::filesystem::path& file);

/// The model must be installed. Throws where the run fails.
jobs::TrainSummary trainRun(ManagerGround& ground, const TrainedRun& wanted = {});

/// Gives the adapter a base that is not there, with a bell in its name; its size stays. Returns the name
/// without the bell.
std::string loseBase(const std::filesystem::path& adapter);

} // namespace llamahome::testing
