// A model as Meta's own server has it: the folder behind a signed link. The transport's thread.
#pragma once

#include <string>
#include <vector>

#include "download/meta_link.h"
#include "jobs/download/download_target.h"
#include "jobs/download/remote_model.h"

namespace llamahome::jobs {

/// What a set and a record say of where it came from.
inline constexpr const char* kMetaSource = "Meta";

/// A folder of Meta's server that a model may be in.
struct MetaFolder {
    std::string path;
    bool hasTokenizer = true; ///< else that lies above all folders, as of Llama 2
};

/// Where Meta may have a target, the likeliest first; empty for a model that is none of Meta's.
std::vector<MetaFolder> metaFolders(const DownloadTarget& target);

/// Finds the folder that the link opens by its checklist.chk, which names the files and their MD5 sums, and
/// asks for their sizes. DL-05: it is no model of Meta's; DL-09: the link opens no folder of it; META-02: the
/// list proves nothing; NET-xx. The link is in no message.
Result<RemoteModel> findMetaModel(network::Transport& transport, const download::MetaLink& link,
                                  const DownloadTarget& target, const download::Pause& pause,
                                  const CancelToken& cancel);

} // namespace llamahome::jobs
