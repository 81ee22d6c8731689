#include "widgets/name_box.h"

#include <QAbstractItemView>

namespace llamahome::widgets {

NameBox::NameBox(const QString& objectName, QWidget* parent)
    : QComboBox(parent) {
    setObjectName(objectName);
    setSizeAdjustPolicy(AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(8);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    view()->setTextElideMode(Qt::ElideMiddle);
}

void NameBox::add(const QString& text, const QString& value) {
    addItem(text, value);
    setItemData(count() - 1, text, Qt::ToolTipRole);
}

void NameBox::choose(const QString& value) {
    int row = findData(value);
    if (row < 0 && !value.isEmpty()) {
        add(tr("%1 (missing)").arg(value), value);
        row = count() - 1;
    }
    setCurrentIndex(row);
    setToolTip(currentText());
}

QString NameBox::value() const {
    return currentData().toString();
}

} // namespace llamahome::widgets
