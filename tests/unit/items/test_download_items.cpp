// Downloads and their files in words.
#include <QTest>

#include "core/error_codes.h"
#include "items/download_words.h"

using namespace llamahome;
using namespace llamahome::items;
using download::FileStatus;
using download::TransferState;
using managers::DownloadItem;
using managers::DownloadState;

namespace {

FileStatus file(TransferState state, const std::string& reason = {}) {
    FileStatus status;
    status.path = "config.json";
    status.state = state;
    status.reason = reason;
    return status;
}

DownloadItem running(std::vector<FileStatus> files) {
    DownloadItem item;
    item.wish.name = QStringLiteral("org/name");
    item.state = DownloadState::Running;
    item.status.files = std::move(files);
    return item;
}

QString words(const DownloadItem& item) {
    return downloadStateWords(item, nullptr);
}

} // namespace

class TestDownloadItems final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunningOneTellsWhatItsFilesDo() {
        QCOMPARE(words(running({})), QStringLiteral("asking what there is"));
        QCOMPARE(words(running({file(TransferState::Connecting), file(TransferState::Waiting, "its turn")})),
                 QStringLiteral("connecting"));
        QCOMPARE(words(running({file(TransferState::Receiving), file(TransferState::Checking)})),
                 QStringLiteral("receiving"));
        QCOMPARE(words(running({file(TransferState::Checking), file(TransferState::Done)})),
                 QStringLiteral("checking"));
        QCOMPARE(words(running({file(TransferState::Done)})), QStringLiteral("checking the model"));
    }

    void whyNothingArrivesStandsInWords() {
        const FileStatus waits = file(TransferState::Waiting, "no connection; next try in 4 s");
        QCOMPARE(words(running({waits, file(TransferState::Waiting, "its turn")})),
                 QStringLiteral("waiting: no connection; next try in 4 s"));
        QCOMPARE(words(running({waits, file(TransferState::Receiving)})), QStringLiteral("receiving"));
        QCOMPARE(fileStateWords(waits, false), QStringLiteral("waiting: no connection; next try in 4 s"));
        QCOMPARE(fileStateWords(file(TransferState::Waiting, "its turn"), false),
                 QStringLiteral("waiting for its turn"));
    }

    void theOthersTellTheirEnd() {
        DownloadItem item = running({});
        for (const auto& [state, expected] : {std::pair(DownloadState::Waiting, "waiting for its turn"),
                                              {DownloadState::Stopping, "stopping"},
                                              {DownloadState::Paused, "paused"},
                                              {DownloadState::Done, "done"},
                                              {DownloadState::Failed, "failed"}}) {
            item.state = state;
            QCOMPARE(words(item), QString::fromLatin1(expected));
        }
        item.state = DownloadState::Done;
        item.repaired = {"config.json"};
        QCOMPARE(words(item), QStringLiteral("repaired"));
        QVERIFY(downloadSentence(item, nullptr).contains(QStringLiteral("config.json")));
    }

    void aFailedFileTellsWhy() {
        FileStatus failed = file(TransferState::Failed);
        failed.error = Error{codes::kHashMismatch, "other bytes than promised"};
        QCOMPARE(fileStateWords(failed, false), QStringLiteral("failed: other bytes than promised"));
        QCOMPARE(fileStateWords(file(TransferState::Done), true), QStringLiteral("repaired"));
    }

    void amountsAndSpeedReadAsInTheShell() {
        QCOMPARE(amountWords(0, 2'500'000'000), QStringLiteral("0 of 2.5 GB"));
        QCOMPARE(amountWords(120'000'000, 2'500'000'000), QStringLiteral("120 MB of 2.5 GB"));
        QCOMPARE(amountWords(270'000'000, 270'000'000), QStringLiteral("270 MB"));
        QCOMPARE(speedWords(12'000'000.0), QStringLiteral("12 MB/s"));
        QVERIFY(speedWords(0.0).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestDownloadItems)
#include "test_download_items.moc"
