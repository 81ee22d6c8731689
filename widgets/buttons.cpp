#include "widgets/buttons.h"

#include <QPushButton>

namespace llamahome::widgets {

QPushButton* makeButton(const QString& text, Icon shown, const QString& objectName, QWidget* parent) {
    auto* button = new QPushButton(icon(shown), text, parent);
    button->setObjectName(objectName);
    return button;
}

QPushButton* makeDialogButton(const QString& text, const QString& objectName, QWidget* parent) {
    auto* button = new QPushButton(text, parent);
    button->setObjectName(objectName);
    button->setAutoDefault(false);
    return button;
}

} // namespace llamahome::widgets
