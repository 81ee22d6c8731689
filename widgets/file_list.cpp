#include "widgets/file_list.h"

#include <QHeaderView>
#include <QTreeWidget>

namespace llamahome::widgets {

QTreeWidget* makeFileList(const QStringList& titles, const QString& objectName, const QString& words,
                          QWidget* parent) {
    auto* list = new QTreeWidget(parent);
    list->setObjectName(objectName);
    list->setAccessibleName(words);
    list->setHeaderLabels(titles);
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setSelectionMode(QAbstractItemView::NoSelection);
    list->header()->setStretchLastSection(false);
    list->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    return list;
}

} // namespace llamahome::widgets
