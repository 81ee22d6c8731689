// Copying to the clipboard with a sign that it was done. GUI thread.
#pragma once

#include <QString>

class QAbstractButton;

namespace llamahome::widgets {

inline constexpr int kCopiedMs = 1500;

/// Puts `text` on the clipboard. For kCopiedMs the button, or the one to which the menu belongs, says so, to
/// screen readers too.
void copyFrom(QAbstractButton& button, const QString& text);

} // namespace llamahome::widgets
