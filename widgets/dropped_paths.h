// What was dropped on the window or given at its start, sorted by what it is. Any thread.
#pragma once

#include <QString>
#include <QStringList>

class QMimeData;

namespace llamahome::widgets {

/// By the names alone: no file is looked at here.
struct DroppedPaths {
    QStringList data;   ///< named as dataFilter() has it: rows to train on
    QStringList models; ///< .gguf files, and everything that may be a folder
};

/// The local files of a drop; empty where it has none.
QStringList localPaths(const QMimeData& mime);
DroppedPaths sortPaths(const QStringList& paths);
/// For a file dialog: "Data (*.jsonl …)".
QString dataFilter();

} // namespace llamahome::widgets
