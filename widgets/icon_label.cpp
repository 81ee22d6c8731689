#include "widgets/icon_label.h"

#include <QPainter>

namespace llamahome::widgets {

IconLabel::IconLabel(const QIcon& icon, int side, QWidget* parent)
    : QWidget(parent)
    , m_icon(icon) {
    setFixedSize(side, side);
}

void IconLabel::setIcon(const QIcon& icon) {
    m_icon = icon;
    update();
}

void IconLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    m_icon.paint(&painter, rect(), Qt::AlignCenter, isEnabled() ? QIcon::Normal : QIcon::Disabled);
}

} // namespace llamahome::widgets
