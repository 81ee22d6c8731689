// The order of the Tab key for widgets that are made later than those after them. GUI thread.
#pragma once

class QWidget;

namespace llamahome::widgets {

/// Puts all in `part` that takes the Tab key after `before`, in the order in which it was made. Where
/// `before` does not take it, what stands before that and does counts; there is one in the window.
void putInTabOrder(QWidget* before, QWidget& part);

} // namespace llamahome::widgets
