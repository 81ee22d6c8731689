// The files of a set over the network, as the settings allow it. Any thread but GUI.
#pragma once

#include <string>

#include "core/file_layer.h"
#include "download/fetch_set.h"
#include "jobs/download/download_model.h"
#include "jobs/system/network_access.h"

namespace llamahome::jobs {

/// Several files at once by fetchSet(). `files` and what `watch` reaches outlive the function; `watch` is
/// told how each file is doing, beside the sum that the job's progress has.
FetchFiles fetchFiles(const NetworkRules& rules, FileLayer& files, const download::SetSink& watch = {});

} // namespace llamahome::jobs
