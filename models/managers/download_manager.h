// DownloadManager: the queue of downloads. Empty in this version, whose models come by import. A QObject; GUI
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/error.h"

namespace llamahome::managers {

enum class DownloadState { Waiting, Running, Paused, Done, Failed };

struct DownloadItem {
    QString model; ///< "smollm2/135m-instruct"
    DownloadState state = DownloadState::Waiting;
    std::uint64_t doneBytes = 0;
    std::uint64_t totalBytes = 0; ///< 0: not known
    std::optional<Error> error;   ///< of Failed
};

class DownloadManager final : public QObject {
    Q_OBJECT

public:
    explicit DownloadManager(QObject* parent = nullptr)
        : QObject(parent) {}

    /// Whether this version can download at all.
    bool isAvailable() const { return false; }
    /// In the order in which they are fetched.
    const std::vector<DownloadItem>& items() const { return m_items; }

Q_SIGNALS:
    void itemsChanged();

private:
    std::vector<DownloadItem> m_items;
};

} // namespace llamahome::managers
