// FirstStart: the one screen of a window that has no model yet. GUI thread.
#pragma once

#include <QWidget>

namespace llamahome::widgets {

class FirstStart final : public QWidget {
    Q_OBJECT

public:
    explicit FirstStart(QWidget* parent = nullptr);

Q_SIGNALS:
    /// The starter model.
    void downloadWanted();
    void importWanted();
    void lookAroundWanted();
};

} // namespace llamahome::widgets
