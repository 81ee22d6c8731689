// The question before an address from an answer is opened. GUI thread.
#pragma once

class QUrl;
class QWidget;

namespace llamahome::widgets {

/// Shows where it leads; opens or copies it when the user says so.
void askToOpenLink(const QUrl& target, QWidget* parent);

} // namespace llamahome::widgets
