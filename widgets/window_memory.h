// WindowMemory: what the window remembers between starts: sizes, columns, page, last choices. GUI thread.
#pragma once

#include <filesystem>

#include <QHash>
#include <QString>
#include <QThreadPool>
#include <QTimer>
#include <QVariant>

class QHeaderView;
class QSplitter;
class QWidget;

namespace llamahome::widgets {

/// A thin door to one ini file, which is read at the start and written by a thread of its own a moment after
/// a change, for the last time when this goes. What cannot be read is as if it had never been kept. Outlives
/// the widgets whose state it keeps.
class WindowMemory {
public:
    /// `file` empty: nothing is kept beyond the process (tests).
    explicit WindowMemory(const std::filesystem::path& file);
    ~WindowMemory();
    WindowMemory(const WindowMemory&) = delete;
    WindowMemory& operator=(const WindowMemory&) = delete;

    /// `key` is a path like "training/preset".
    QVariant value(const QString& key, const QVariant& fallback = {}) const;
    void setValue(const QString& key, const QVariant& value);

    /// Restores the widget's state under `key` now and keeps it at each change. A splitter has its panes by
    /// then, a header its model.
    void keep(QSplitter& splitter, const QString& key);
    void keep(QHeaderView& header, const QString& key);
    /// Size and place of a window; restored at once, kept when it closes.
    void keepGeometry(QWidget& window, const QString& key);

private:
    void write();

    QString m_file; ///< empty: none
    QHash<QString, QVariant> m_values;
    QHash<QString, QVariant> m_unwritten;
    QTimer m_delay;
    QThreadPool m_writer; ///< one thread: writes come one after the other
};

} // namespace llamahome::widgets
