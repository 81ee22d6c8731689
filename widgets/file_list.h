// A list of files to be read, not chosen from: those that come, those that go. GUI thread.
#pragma once

#include <QStringList>

class QTreeWidget;
class QWidget;

namespace llamahome::widgets {

/// The first column has what room the others leave. `words` says what it is to who cannot see it.
QTreeWidget* makeFileList(const QStringList& titles, const QString& objectName, const QString& words,
                          QWidget* parent);

} // namespace llamahome::widgets
