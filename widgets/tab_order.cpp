#include "widgets/tab_order.h"

#include <QWidget>

namespace llamahome::widgets {
namespace {

bool takesTab(const QWidget& widget) {
    return (widget.focusPolicy() & Qt::TabFocus) != 0 && widget.focusProxy() == nullptr;
}

} // namespace

void putInTabOrder(QWidget* before, QWidget& part) {
    while (!takesTab(*before)) // QWidget::setTabOrder() does nothing for others
        before = before->previousInFocusChain();
    QWidgetList widgets = part.findChildren<QWidget*>();
    widgets.prepend(&part);
    for (QWidget* widget : widgets) {
        if (!takesTab(*widget) || widget->window() != before->window()) continue;
        QWidget::setTabOrder(before, widget);
        before = widget;
    }
}

} // namespace llamahome::widgets
