// Downloads in words: what one does, what it waits for, how fast it is. Any thread.
#pragma once

#include <QString>

#include "managers/download_manager.h"

namespace llamahome::items {

/// "receiving", "waiting: no network", "paused", "failed".
QString downloadStateWords(const managers::DownloadItem& item, const managers::Job* job);
/// "120 MB of 2.5 GB".
QString amountWords(quint64 doneBytes, quint64 totalBytes);
/// "12 MB/s"; empty while nothing arrives.
QString speedWords(double bytesPerSecond);
/// The whole of one in a sentence or two: what failed and why, what was put right, what it waits for.
QString downloadSentence(const managers::DownloadItem& item, const managers::Job* job);
/// "the Hub", "Meta", a mirror's place.
QString sourceWords(const managers::DownloadWish& wish);

/// One file of a download; of a repair what is done has been put right.
QString fileStateWords(const download::FileStatus& file, bool isRepair);
/// "SHA-256", "size only".
QString proofWords(download::HashKind kind);

} // namespace llamahome::items
