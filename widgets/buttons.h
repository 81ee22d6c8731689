// Push buttons as the pages and dialogs have them. GUI thread.
#pragma once

#include <QString>

#include "widgets/icons.h"

class QPushButton;
class QWidget;

namespace llamahome::widgets {

QPushButton* makeButton(const QString& text, Icon shown, const QString& objectName, QWidget* parent);

/// Of a dialog, where Return must not press whichever button comes first.
QPushButton* makeDialogButton(const QString& text, const QString& objectName, QWidget* parent);

} // namespace llamahome::widgets
