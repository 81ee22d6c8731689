// What a download would bring, told before its first large file: for whoever decides about it. Not on the
// GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/download/download_model.h"

namespace llamahome::jobs {

struct DownloadOffer {
    DownloadTarget target; ///< by the name that the source has for it now
    std::string source;    ///< "https://huggingface.co", a mirror's place, "Meta"
    std::string commit;    ///< of the Hub; empty elsewhere
    struct File {
        std::string path;
        std::optional<std::uint64_t> sizeBytes; ///< nothing: the source does not say
        download::HashKind provedBy = download::HashKind::None;
    };
    std::vector<File> files;
    std::uint64_t totalBytes = 0; ///< of the files
    std::uint64_t hereBytes = 0;  ///< of these, received by an attempt before
    std::uint64_t roomBytes = 0;  ///< still to be written, a conversion's result included
    std::uint64_t freeBytes = 0;  ///< on the disk of `place`
    std::filesystem::path place;  ///< the model's folder
    std::string licence;          ///< empty: not known
    bool isConverted = false;     ///< its files are in another form than the Hub's
    bool isThere = false;         ///< a download would check it, and fetch what is damaged
    std::optional<Error> noRoom;  ///< FILE-03
};

/// Asks the source as downloadModel() does, and fetches nothing but its lists, its config.json and its card.
/// Errors of findRemoteModel().
Result<DownloadOffer> offerDownload(const DownloadRequest& request, const Library& library,
                                    network::Transport& transport, const download::Pause& pause,
                                    const CancelToken& cancel);

/// The commit that an attempt before was about, where it asked for the same; empty: none, or another.
std::string pinnedCommit(const DownloadRequest& request, const DataRoot& root);

/// What the disk of a download still has to give, whose files gather in the folder `files`.
std::uint64_t roomFor(const RemoteModel& model, const std::filesystem::path& files);

/// FILE-03 where it has not got it.
Result<void> checkRoomFor(const DownloadTarget& target, const std::filesystem::path& place,
                          std::uint64_t roomBytes);

} // namespace llamahome::jobs
