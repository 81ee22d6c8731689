#include "widgets/dropped_paths.h"

#include <QCoreApplication>
#include <QMimeData>
#include <QUrl>

namespace llamahome::widgets {
namespace {

constexpr const char* kDataEndings[] = {".jsonl", ".json", ".csv", ".tsv", ".txt"};

bool isData(const QString& path) {
    for (const char* ending : kDataEndings)
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

QString dataFilter() {
    QStringList patterns;
    for (const char* ending : kDataEndings)
        patterns << u'*' + QLatin1String(ending);
    return QCoreApplication::translate("DroppedPaths", "Data (%1)").arg(patterns.join(u' '));
}

} // namespace llamahome::widgets
