#include "managers/download_item.h"

#include "managers/text.h"

namespace llamahome::managers {
namespace {

jobs::DownloadFate fateOf(DownloadState state) {
    switch (state) {
    case DownloadState::Done:
        return jobs::DownloadFate::Done;
    case DownloadState::Failed:
        return jobs::DownloadFate::Failed;
    default:
        return jobs::DownloadFate::Unfinished;
    }
}

DownloadState stateOf(jobs::DownloadFate fate) {
    switch (fate) {
    case jobs::DownloadFate::Done:
        return DownloadState::Done;
    case jobs::DownloadFate::Failed:
        return DownloadState::Failed;
    case jobs::DownloadFate::Unfinished:
        break;
    }
    return DownloadState::Paused;
}

} // namespace

jobs::KeptDownload keptOf(const DownloadItem& item) {
    jobs::KeptDownload kept;
    kept.name = fromQt(item.wish.name);
    kept.source = item.wish.source;
    kept.place = fromQt(item.wish.place);
    kept.revision = fromQt(item.wish.revision);
    kept.file = fromQt(item.wish.file);
    kept.everyByte = item.wish.everyByte;
    kept.fate = fateOf(item.state);
    kept.doneBytes = item.doneBytes;
    kept.totalBytes = item.totalBytes;
    kept.repaired = item.repaired;
    kept.code = item.failureCode;
    kept.message = item.failure;
    kept.endedSeconds = item.endedSeconds;
    return kept;
}

DownloadItem itemOf(const jobs::KeptDownload& kept, quint64 id) {
    DownloadItem item;
    item.id = id;
    item.wish.name = toQt(kept.name);
    item.wish.source = kept.source;
    item.wish.place = toQt(kept.place);
    item.wish.revision = toQt(kept.revision);
    item.wish.file = toQt(kept.file);
    item.wish.everyByte = kept.everyByte;
    item.state = stateOf(kept.fate);
    item.doneBytes = kept.doneBytes;
    item.totalBytes = kept.totalBytes;
    item.repaired = kept.repaired;
    item.failureCode = kept.code;
    item.failure = kept.message;
    item.endedSeconds = kept.endedSeconds;
    return item;
}

std::vector<std::string> commandWords(const DownloadWish& wish) {
    std::vector<std::string> words{"download", fromQt(wish.name)};
    if (wish.source == jobs::DownloadSource::Meta) words.insert(words.end(), {"--source", "meta"});
    if (wish.source == jobs::DownloadSource::Mirror)
        words.insert(words.end(), {"--source", fromQt(wish.place)});
    if (!wish.revision.isEmpty()) words.insert(words.end(), {"--revision", fromQt(wish.revision)});
    if (!wish.file.isEmpty()) words.insert(words.end(), {"--file", fromQt(wish.file)});
    if (wish.everyByte) words.emplace_back("--repair");
    return words;
}

} // namespace llamahome::managers
