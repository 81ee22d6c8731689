#include "widgets/dropped_paths.h"

#include <QMimeData>
#include <QUrl>

namespace llamahome::widgets {
namespace {

bool isData(const QString& path) {
    for (const char* ending : {".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet"})
        if (path.endsWith(QLatin1String(ending), Qt::CaseInsensitive)) return true;
    return false;
}

} // namespace

QStringList localPaths(const QMimeData& mime) {
    QStringList paths;
    for (const QUrl& url : mime.urls())
        if (url.isLocalFile()) paths.append(url.toLocalFile());
    return paths;
}

DroppedPaths sortPaths(const QStringList& paths) {
    DroppedPaths sorted;
    for (const QString& path : paths)
        (isData(path) ? sorted.data : sorted.models).append(path);
    return sorted;
}

} // namespace llamahome::widgets
