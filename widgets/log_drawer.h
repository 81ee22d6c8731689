// LogDrawer: the log at the foot of the window, by level and search, to copy. GUI thread.
#pragma once

#include <QWidget>

#include "managers/log_store.h"

class QComboBox;
class QLineEdit;
class QPushButton;
class QTableView;

namespace llamahome::items {
class LogFilter;
}

namespace llamahome::widgets {

class WindowMemory;

/// Follows the newest line as long as the view stands at its end.
class LogDrawer final : public QWidget {
    Q_OBJECT

public:
    /// Both outlive it.
    LogDrawer(const managers::LogStore& log, WindowMemory& memory, QWidget* parent = nullptr);

    void focusSearch();

Q_SIGNALS:
    void closeWanted();

private:
    QWidget* makeBar();
    void copy();
    void showLevel(int row);

    WindowMemory& m_memory;
    items::LogFilter* m_filter;
    QComboBox* m_level;
    QLineEdit* m_search;
    QTableView* m_view;
    QPushButton* m_copy = nullptr;
};

} // namespace llamahome::widgets
