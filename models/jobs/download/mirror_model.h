// A model in a folder, on a web server or on a disk, that has a list of its files' hashes: SHA256SUMS. The
// transport's thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/progress.h"
#include "download/fetch_file.h"
#include "jobs/download/remote_model.h"

namespace llamahome::jobs {

/// Whether a mirror's place is an address; else it is a folder of this machine.
bool isAddress(const std::string& place);

/// Reads the list at `place`, chooses the files and looks at config.json where it has one. FILE-01 or NET-05
/// where there is no list; DL-07, DL-03 for what stands in it; errors of chooseModelFiles(); ARCH-01,
/// ARCH-02.
Result<RemoteModel> findMirrorModel(network::Transport& transport, const std::string& place,
                                    const std::string& wantedFile, const download::Pause& pause,
                                    const CancelToken& cancel);

/// The files of a set from a folder of this machine, as fetchSet() brings them from elsewhere: those that are
/// there and proved stay, each has its name only when it is proved. FILE-09 for other bytes than the list
/// says.
Result<std::vector<download::FetchedFile>> copySet(const download::RemoteSet& set,
                                                   const std::filesystem::path& folder, FileLayer& files,
                                                   const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
