// Bundled data sets, put where the Training pane and the command line offer them. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/shipped_files.h"

namespace llamahome::jobs {

/// Copies every bundled sample (with its licence and read-me) that is not in data/training/samples yet; files
/// that are there stay as they are. Each appears whole or not at all.
Result<void> installSamples(FileLayer& files, const ShippedFiles& shipped, const DataRoot& root);

/// The data files in data/training/samples, by name: .jsonl, .json, .csv, .txt.
std::vector<std::filesystem::path> listSamples(const DataRoot& root);

} // namespace llamahome::jobs
