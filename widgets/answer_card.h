// An answer of a model under a caption, in a frame, as text that can be selected. GUI thread.
#pragma once

#include <QFrame>
#include <QString>

class QLabel;

namespace llamahome::widgets {

/// `answer` empty: "(nothing)".
QFrame* makeAnswerCard(const QString& caption, const QString& answer, QWidget* parent = nullptr);

/// Wrapped plain text that can be selected, whatever it holds.
QLabel* makeSelectableText(const QString& text, QWidget* parent);
/// The same in bold, above what belongs to it.
QLabel* makeQuestion(const QString& text, QWidget* parent);

} // namespace llamahome::widgets
