#include "items/download_words.h"

#include <algorithm>

#include <QCoreApplication>
#include <QStringList>

#include "managers/model_words.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::items {
using download::FileStatus;
using download::TransferState;
using managers::DownloadItem;
using managers::DownloadState;
using managers::toQt;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(DownloadWords)
};

constexpr std::string_view kItsTurn = "its turn"; ///< what a file waits for that others are before

/// Why nothing arrives; empty while something does.
QString reasonOfAll(const download::SetStatus& status) {
    QString reason;
    for (const FileStatus& file : status.files) {
        if (file.state == TransferState::Receiving || file.state == TransferState::Checking ||
            file.state == TransferState::Connecting)
            return {};
        if (file.state == TransferState::Waiting && file.reason != kItsTurn)
            reason = managers::windowText(file.reason);
    }
    return reason;
}

QString runningWords(const DownloadItem& item, const managers::Job* job) {
    if (job != nullptr && !job->progress().phase.empty()) return toQt(job->progress().phase);
    if (item.status.files.empty()) return Words::tr("asking what there is");
    if (const QString reason = reasonOfAll(item.status); !reason.isEmpty())
        return Words::tr("waiting: %1").arg(reason);
    if (item.status.countOf(TransferState::Receiving) > 0) return Words::tr("receiving");
    if (item.status.countOf(TransferState::Checking) > 0) return Words::tr("checking");
    return item.status.countOf(TransferState::Done) == item.status.files.size()
               ? Words::tr("checking the model")
               : Words::tr("connecting");
}

} // namespace

QString downloadStateWords(const DownloadItem& item, const managers::Job* job) {
    switch (item.state) {
    case DownloadState::Waiting:
        return Words::tr("waiting for its turn");
    case DownloadState::Running:
        return runningWords(item, job);
    case DownloadState::Stopping:
        return Words::tr("stopping");
    case DownloadState::Paused:
        return Words::tr("paused");
    case DownloadState::Done:
        return item.repaired.empty() ? Words::tr("done") : Words::tr("repaired");
    case DownloadState::Failed:
        break;
    }
    return Words::tr("failed");
}

QString amountWords(quint64 doneBytes, quint64 totalBytes) {
    const QString done = managers::bytesText(doneBytes);
    if (totalBytes == 0 || doneBytes >= totalBytes) return done;
    return Words::tr("%1 of %2")
        .arg(done.isEmpty() ? QStringLiteral("0") : done, managers::bytesText(totalBytes));
}

QString speedWords(double bytesPerSecond) {
    if (bytesPerSecond < 1.0) return {};
    return Words::tr("%1/s").arg(managers::bytesText(static_cast<quint64>(bytesPerSecond)));
}

QString downloadSentence(const DownloadItem& item, const managers::Job* job) {
    const QString from = Words::tr("From %1.").arg(sourceWords(item.wish));
    switch (item.state) {
    case DownloadState::Waiting:
        return Words::tr("Two downloads go at a time; this one follows. %1").arg(from);
    case DownloadState::Running:
        return Words::tr("%1: %2. %3").arg(item.wish.name, runningWords(item, job), from);
    case DownloadState::Stopping:
        return Words::tr("It stops in order; what was received is kept.");
    case DownloadState::Paused:
        return item.doneBytes == 0
                   ? Words::tr("It has not begun. %1").arg(from)
                   : Words::tr("What was received is kept and goes on from there. %1").arg(from);
    case DownloadState::Done: {
        if (item.repaired.empty()) return Words::tr("All files are there and proved. %1").arg(from);
        QStringList files;
        for (const std::string& file : item.repaired)
            files.append(toQt(file));
        return Words::tr("Fetched anew: %1. %2").arg(files.join(QStringLiteral(", ")), from);
    }
    case DownloadState::Failed:
        break;
    }
    return managers::windowText(item.failure);
}

QString sourceWords(const managers::DownloadWish& wish) {
    switch (wish.source) {
    case jobs::DownloadSource::Hub:
        return Words::tr("the Hub");
    case jobs::DownloadSource::Meta:
        return Words::tr("Meta");
    case jobs::DownloadSource::Mirror:
        break;
    }
    return wish.place;
}

QString fileStateWords(const FileStatus& file, bool isRepair) {
    switch (file.state) {
    case TransferState::Waiting:
        return file.reason == kItsTurn ? Words::tr("waiting for its turn")
                                       : Words::tr("waiting: %1").arg(managers::windowText(file.reason));
    case TransferState::Connecting:
        return Words::tr("connecting");
    case TransferState::Receiving:
        return Words::tr("receiving");
    case TransferState::Checking:
        return Words::tr("checking");
    case TransferState::Done:
        return isRepair ? Words::tr("repaired") : Words::tr("done");
    case TransferState::Failed:
        break;
    }
    return file.error ? Words::tr("failed: %1").arg(managers::windowText(file.error->message))
                      : Words::tr("failed");
}

QString proofWords(download::HashKind kind) {
    return toQt(download::nameOf(kind));
}

} // namespace llamahome::items
