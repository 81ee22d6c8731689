// The files of a set over the network, as the settings allow it. Any thread but GUI.
#pragma once

#include <cstdint>
#include <memory>

#include "config/model_settings.h"
#include "core/file_layer.h"
#include "download/set_status.h"
#include "download/transfer_control.h"
#include "jobs/download/download_model.h"
#include "jobs/system/network_access.h"

namespace llamahome::jobs {

/// Who looks on while files are fetched, and may have wishes.
struct FetchWatch {
    download::SetSink sink = {};                                  ///< how each file is doing
    std::shared_ptr<download::TransferControl> control = nullptr; ///< speed limit and order; null: no wishes
};

/// Bytes a second that all downloads together may take; 0: no limit.
std::uint64_t speedLimit(const config::HubSettings& hub);

/// Several files at once by fetchSet(). `files` and what the sink reaches outlive the function.
FetchFiles fetchFiles(const NetworkRules& rules, FileLayer& files, const FetchWatch& watch = {});

} // namespace llamahome::jobs
