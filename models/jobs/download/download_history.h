// The list of downloads that outlives the window: what is to go on, what came, what failed. Any thread but
// GUI.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/download/download_model.h"

namespace llamahome::jobs {

enum class DownloadFate { Unfinished, Done, Failed };

/// One download as a person asked for it. What is secret (a token, Meta's link) has no place in it.
struct KeptDownload {
    std::string name; ///< in the library: "smollm2/135m-instruct"
    DownloadSource source = DownloadSource::Hub;
    std::string place = {};    ///< of a mirror: its address or folder
    std::string revision = {}; ///< as DownloadRequest has these three
    std::string file = {};
    bool everyByte = false;
    DownloadFate fate = DownloadFate::Unfinished;
    std::uint64_t doneBytes = 0;
    std::uint64_t totalBytes = 0;           ///< 0: not known
    std::vector<std::string> repaired = {}; ///< of Done: the files that were put right
    std::string code = {};                  ///< of Failed: the error's
    std::string message = {};
    std::int64_t endedSeconds = 0; ///< since 1970; 0: it has not ended

    friend bool operator==(const KeptDownload&, const KeptDownload&) = default;
};

/// Ended ones beyond so many are forgotten, the oldest first.
inline constexpr std::size_t kKeptDownloads = 200;

/// As it was written last, newest ended ones first; empty where there is none or it cannot be read: a list of
/// the past stops nobody.
std::vector<KeptDownload> readDownloads(const DataRoot& root);

/// Writes it whole or not at all.
Result<void> writeDownloads(FileLayer& files, const DataRoot& root, const std::vector<KeptDownload>& list);

/// `kept` and what the library holds, put together: unfinished ones first, in their order, with the bytes
/// that are here; those that a shell began are among them, those that it finished or removed are not. What
/// failed stays what failed, with its bytes.
std::vector<KeptDownload> withUnfinished(std::vector<KeptDownload> kept, const Library& library);

} // namespace llamahome::jobs
