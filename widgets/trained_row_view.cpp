#include "widgets/trained_row_view.h"

#include <QEvent>
#include <QTextCursor>

#include "managers/text.h"
#include "widgets/look.h"

namespace llamahome::widgets {

TrainedRowView::TrainedRowView(QWidget* parent)
    : QTextEdit(parent) {
    setReadOnly(true);
    setTabChangesFocus(true);
    setAccessibleName(tr("The first row as it is trained"));
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
}

void TrainedRowView::setSpans(const std::vector<jobs::TrainedSpan>& spans) {
    m_spans = spans;
    rewrite();
}

void TrainedRowView::rewrite() {
    QTextCharFormat learned;
    learned.setForeground(palette().color(QPalette::Text));
    learned.setFontWeight(QFont::DemiBold);
    learned.setUnderlineStyle(QTextCharFormat::SingleUnderline);
    learned.setUnderlineColor(look::color(look::Tone::Accent));
    QTextCharFormat given;
    given.setForeground(look::color(look::Tone::Quiet));
    clear();
    QTextCursor cursor(document());
    for (const jobs::TrainedSpan& span : m_spans)
        cursor.insertText(managers::toQt(span.text), span.supervised ? learned : given);
    moveCursor(QTextCursor::Start);
}

void TrainedRowView::changeEvent(QEvent* event) {
    QTextEdit::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_spans.empty()) rewrite();
}

} // namespace llamahome::widgets
