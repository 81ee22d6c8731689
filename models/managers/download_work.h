// What the window does with the network: asking a source what it has, and fetching it. Not on the GUI thread.
#pragma once

#include "config/model_settings.h"
#include "jobs/download/download_offer.h"
#include "jobs/download/fetch_files.h"
#include "managers/download_item.h"
#include "managers/lock_keeper.h"
#include "managers/run_job.h"
#include "managers/workspace.h"

namespace llamahome::managers {

/// A wish with the settings that hold when its turn comes.
struct DownloadWork {
    DownloadWish wish;
    config::HubSettings hub;
    Workspace workspace;
};

/// Errors of downloadTarget(), of the token's place, of the network's settings and of offerDownload().
Result<jobs::DownloadOffer> askSource(const DownloadWork& work, const CancelToken& cancel);

/// The same, and of downloadModel(). Files that are fetched are told to `watch`, all other work to `control`.
Result<jobs::DownloadResult> fetchWanted(const DownloadWork& work, LockKeeper& lock,
                                         const JobControl& control, const jobs::FetchWatch& watch);

} // namespace llamahome::managers
