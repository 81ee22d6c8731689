// What this machine has and what would stop a run. Not on the GUI thread; the engine thread with an engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/machine.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "llama/engine.h"

namespace llamahome::jobs {

enum class FindingStatus { Ok, Warning, Problem };

/// "ok", "warning", "problem".
std::string_view findingStatusName(FindingStatus status);

struct Finding {
    std::string name; ///< "processor", "memory", "libtorch", "graphics card", "folder …", "disk space", …
    std::string value; ///< what was found, in words
    FindingStatus status = FindingStatus::Ok;
    std::string advice = {}; ///< next step; empty when ok
};

/// The machine as the kernel tells it; a test makes its own.
struct MachineFacts {
    CpuFeatures cpu;
    MemoryState memory;
    std::string nvidiaDriver;      ///< version; empty: none
    bool hasCudaLibrary = false;   ///< libcuda.so.1 can be opened
    std::vector<std::string> gpus; ///< names that the driver tells
};
MachineFacts machineFacts();

struct DoctorRequest {
    DataRoot root;
    std::optional<MachineFacts> machine; ///< nothing: this one
    /// Opens the engine, or says why it cannot be opened; empty: libtorch is not looked at.
    std::function<Result<engine::EngineInfo>()> openEngine;
    std::uint64_t diskTestBytes = 64ULL << 20; ///< written, flushed and removed again; 0: not measured
};

/// Every finding, in a fixed order. What cannot be found out is a finding, never an error. Creates the root's
/// folders where they are missing: that they can be made is what is asked.
std::vector<Finding> examineMachine(const DoctorRequest& request, FileLayer& files, const Clock& clock);

/// [{"name","value","status","advice"}].
Json findingsJson(const std::vector<Finding>& findings);

} // namespace llamahome::jobs
