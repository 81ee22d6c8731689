#include "widgets/elided_button.h"

#include <QPainter>

#include "widgets/look.h"

namespace llamahome::widgets {

ElidedButton::ElidedButton(QWidget* parent)
    : QPushButton(parent) {
    setFlat(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ElidedButton::setWords(const QString& words) {
    if (words == m_words) return;
    m_words = words;
    setToolTip(words);
    setAccessibleName(words);
    update();
}

QSize ElidedButton::minimumSizeHint() const {
    return {20 * look::kGrid, fontMetrics().height() + look::kGrid};
}

QSize ElidedButton::sizeHint() const {
    return {fontMetrics().horizontalAdvance(m_words) + 2 * look::kGrid, minimumSizeHint().height()};
}

void ElidedButton::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor ground = palette().color(QPalette::WindowText);
    ground.setAlphaF(underMouse() ? 0.06F : 0.0F);
    painter.setPen(hasFocus() ? QPen(palette().color(QPalette::Link), 2.0) : QPen(Qt::NoPen));
    painter.setBrush(ground);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
    const QRect room = rect().adjusted(look::kGrid, 0, -look::kGrid, 0);
    painter.setPen(palette().color(isEnabled() ? QPalette::Active : QPalette::Disabled, foregroundRole()));
    painter.drawText(room, static_cast<int>(Qt::AlignVCenter | Qt::AlignLeading),
                     fontMetrics().elidedText(m_words, Qt::ElideRight, room.width()));
}

} // namespace llamahome::widgets
