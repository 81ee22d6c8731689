#include "widgets/chat_input.h"

#include <algorithm>
#include <cmath>

#include <QAbstractTextDocumentLayout>
#include <QKeyEvent>
#include <QMimeData>
#include <QTextBlock>
#include <QTextLayout>

namespace llamahome::widgets {

ChatInput::ChatInput(QWidget* parent)
    : QPlainTextEdit(parent) {
    setTabChangesFocus(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(this, &QPlainTextEdit::textChanged, this, [this] { fit(); });
    fit();
}

bool ChatInput::hasText() const {
    return !toPlainText().trimmed().isEmpty();
}

void ChatInput::keyPressEvent(QKeyEvent* event) {
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isEnter && (event->modifiers() & (Qt::ShiftModifier | Qt::AltModifier)) == 0) {
        Q_EMIT submitted();
        return;
    }
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT cancelled();
        event->ignore();
        return;
    }
    const auto held = event->modifiers() & (Qt::AltModifier | Qt::ControlModifier | Qt::MetaModifier);
    const bool isPrinted = !event->text().isEmpty() && event->text().front().isPrint();
    if (held == Qt::AltModifier && isPrinted) {
        event->ignore(); // meant for a button that cannot be pressed now
        return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

void ChatInput::insertFromMimeData(const QMimeData* source) {
    if (source->hasText()) insertPlainText(source->text());
}

void ChatInput::resizeEvent(QResizeEvent* event) {
    QPlainTextEdit::resizeEvent(event);
    fit();
}

void ChatInput::changeEvent(QEvent* event) {
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) fit();
}

void ChatInput::fit() {
    int lines = 0;
    for (QTextBlock block = document()->begin(); block.isValid() && lines < kMostLines; block = block.next())
        lines += std::max(1, block.layout()->lineCount());
    lines = std::clamp(lines, 1, kMostLines);
    const int margins = 2 * static_cast<int>(std::ceil(document()->documentMargin())) + 2 * frameWidth();
    const int height =
        lines * fontMetrics().lineSpacing() + margins + contentsMargins().top() + contentsMargins().bottom();
    if (height != maximumHeight()) setFixedHeight(height);
}

} // namespace llamahome::widgets
