// DownloadsPane: the place of downloads, which says what to do until there are any. GUI thread.
#pragma once

#include <QWidget>

#include "managers/download_manager.h"

namespace llamahome::widgets {

class DownloadsPane final : public QWidget {
    Q_OBJECT

public:
    explicit DownloadsPane(managers::DownloadManager& downloads, QWidget* parent = nullptr);

Q_SIGNALS:
    void importWanted();
};

} // namespace llamahome::widgets
