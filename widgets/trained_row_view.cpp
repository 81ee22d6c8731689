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
    setAccessibleName(tr("A row as it is trained"));
    setAccessibleDescription(legend());
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
}

QString TrainedRowView::legend() {
    return tr(
        "Underlined: the model learns to write it. Framed in colour: the end of its turn. Struck through: "
        "cut off. The rest is given. Rest the mouse on a word for its token.");
}

void TrainedRowView::setRow(const jobs::ShownRow& row) {
    m_row = row;
    rewrite();
}

QTextCharFormat TrainedRowView::formatOf(jobs::TokenPart part) const {
    QTextCharFormat format;
    switch (part) {
    case jobs::TokenPart::Given:
        format.setForeground(look::color(look::Tone::Quiet));
        break;
    case jobs::TokenPart::Cut:
        format.setForeground(look::color(look::Tone::Quiet));
        format.setFontStrikeOut(true);
        break;
    case jobs::TokenPart::TurnEnd:
        format.setForeground(palette().color(QPalette::HighlightedText));
        format.setBackground(palette().color(QPalette::Highlight));
        format.setFontWeight(QFont::DemiBold);
        break;
    case jobs::TokenPart::Learned:
        format.setForeground(palette().color(QPalette::Text));
        format.setFontWeight(QFont::DemiBold);
        format.setUnderlineStyle(QTextCharFormat::SingleUnderline);
        format.setUnderlineColor(look::color(look::Tone::Accent));
        break;
    }
    return format;
}

void TrainedRowView::rewrite() {
    clear();
    QTextCursor cursor(document());
    cursor.beginEditBlock();
    for (const jobs::ShownToken& token : m_row.tokens) {
        QTextCharFormat format = formatOf(token.part);
        QStringList ids;
        for (const std::int32_t id : token.ids)
            ids << QString::number(id);
        format.setToolTip(ids.size() == 1 ? tr("token %1").arg(ids.front())
                                          : tr("tokens %1").arg(ids.join(QStringLiteral(", "))));
        cursor.insertText(managers::toQt(token.text), format);
    }
    cursor.endEditBlock();
    moveCursor(QTextCursor::Start);
}

void TrainedRowView::changeEvent(QEvent* event) {
    QTextEdit::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_row.tokens.empty()) rewrite();
}

} // namespace llamahome::widgets
