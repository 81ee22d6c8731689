// DownloadItem: one download of the queue or of the past, as the window shows it. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <QString>

#include "jobs/download/download_history.h"
#include "jobs/download/fetch_files.h"

namespace llamahome::managers {

/// What a person asks for.
struct DownloadWish {
    QString name = {}; ///< "smollm2/135m-instruct", two words, or any Hub id
    jobs::DownloadSource source = jobs::DownloadSource::Hub;
    QString place = {};     ///< of a mirror: its address or folder
    QString revision = {};  ///< of the Hub; empty: the newest
    QString file = {};      ///< a GGUF file of the source; empty: none is wanted
    bool everyByte = false; ///< of a model that is there: hash it all, and fetch anew what is damaged
    /// The Hub's token, or Meta's link. In memory only, until the download has come to its end.
    QString secret = {};
};

enum class DownloadState {
    Waiting, ///< for its turn
    Running,
    Stopping,
    Paused, ///< goes on when it is asked to: what was received is kept
    Done,
    Failed,
};

struct DownloadItem {
    quint64 id = 0;
    DownloadWish wish;
    DownloadState state = DownloadState::Waiting;
    quint64 jobId = 0;          ///< of the attempt in this session; 0: none
    download::SetStatus status; ///< its files; none before the source has told them
    quint64 doneBytes = 0;
    quint64 totalBytes = 0;  ///< 0: not known
    std::string failureCode; ///< of Failed: the error's code and message
    std::string failure;
    std::vector<std::string> repaired;
    qint64 endedSeconds = 0; ///< since 1970

    bool isActive() const { return state <= DownloadState::Stopping; }
    bool hasEnded() const { return state >= DownloadState::Done; }
};

/// As it is written; what is secret is not.
jobs::KeptDownload keptOf(const DownloadItem& item);
/// What did not end is paused.
DownloadItem itemOf(const jobs::KeptDownload& kept, quint64 id);

/// The words after `llamahome`: {"download", NAME, "--source", …}.
std::vector<std::string> commandWords(const DownloadWish& wish);

} // namespace llamahome::managers
