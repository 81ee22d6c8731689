// A download of a model that is there already: a check, and new files in place of damaged ones. Not on the
// GUI thread.
#pragma once

#include "jobs/download/download_model.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {

/// Whether a folder with a manifest has the name, in whatever state.
bool isPresent(const ModelEntry& entry);

/// Checks it as downloadModel() says, and fetches anew what is damaged.
Result<DownloadResult> presentModel(const DownloadRequest& request, const Library& library,
                                    const ModelEntry& entry, const DownloadTools& tools,
                                    const CancelToken& cancel, const ProgressSink& progress);

/// The model at the source that the request names; `commit` in place of its revision, where that is known.
Result<RemoteModel> findRemoteModel(const DownloadRequest& request, const std::string& commit,
                                    const DownloadTools& tools, const CancelToken& cancel);

/// Brings the files of a set into a folder: by the tools, or from a folder of this machine.
Result<std::vector<download::FetchedFile>> fetchModel(const DownloadRequest& request,
                                                      const download::RemoteSet& set,
                                                      const std::filesystem::path& folder,
                                                      const DownloadTools& tools, const CancelToken& cancel,
                                                      const ProgressSink& progress);

/// The manifest of a set and what fetching it has left, both in the same order.
Manifest manifestOf(const RemoteModel& model, const std::vector<download::FetchedFile>& fetched,
                    const DownloadTarget& target);

} // namespace llamahome::jobs
