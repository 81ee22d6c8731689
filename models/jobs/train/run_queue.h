// The training runs that wait for their turn, as they outlive the window: data/training/queue.json. Values;
// any thread but GUI for the functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::jobs {

/// A run as a person chose it. Its settings are looked up when its turn comes.
struct QueuedRun {
    /// A setting that was changed for this run.
    struct Change {
        std::string key;
        std::string value;

        friend bool operator==(const Change&, const Change&) = default;
    };

    std::string model; ///< in the library: "smollm2/135m-instruct"
    std::vector<std::filesystem::path> data;
    std::optional<std::filesystem::path> validation = {};
    std::string preset = {}; ///< empty: none
    std::vector<Change> changes = {};
    std::string runName = {}; ///< empty: made from the model's name
    std::string code = {};    ///< of the error of its last try; empty: it waits
    std::string message = {};

    friend bool operator==(const QueuedRun&, const QueuedRun&) = default;
};

/// In their order; empty where there is no list, or none that can be read.
std::vector<QueuedRun> readRunQueue(const DataRoot& root);

/// Writes it whole or not at all; an empty list is no file.
Result<void> writeRunQueue(FileLayer& files, const DataRoot& root, const std::vector<QueuedRun>& list);

} // namespace llamahome::jobs
