// A download with all that it needs of the command line: settings, network, secrets, progress. Main thread.
#pragma once

#include "app/command_context.h"
#include "core/result.h"
#include "jobs/download/download_model.h"

namespace llamahome::app {

/// Adds token or link to the request, which has neither, and carries it out with progress. Where the Hub
/// wants a token and somebody sits at the terminal, asks for one and tries again. Errors of downloadModel().
Result<jobs::DownloadResult> runDownload(CommandContext& context, jobs::DownloadRequest request);

/// Fetches anew what is damaged of a model whose files the Hub has, every byte looked at.
Result<jobs::DownloadResult> fetchDamagedAgain(CommandContext& context, const jobs::ModelEntry& entry);

} // namespace llamahome::app
