#include "widgets/code_block.h"

#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTextCursor>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {

CodeBlock::CodeBlock(QWidget* parent)
    : QFrame(parent)
    , m_language(look::makeNote({}, this))
    , m_text(new QPlainTextEdit(this)) {
    setFrameShape(QFrame::StyledPanel);
    m_language->setTextFormat(Qt::PlainText);
    auto* copy = new QToolButton(this);
    copy->setObjectName(QStringLiteral("copyCodeButton"));
    copy->setIcon(icon(Icon::Copy));
    copy->setText(tr("Copy code"));
    copy->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    copy->setAutoRaise(true);
    copy->setFocusPolicy(Qt::NoFocus); // reached through the message's menu
    copy->setFont(look::smallFont());
    connect(copy, &QToolButton::clicked, this, [this, copy] { copyFrom(*copy, m_shown); });
    auto* head = new QHBoxLayout;
    head->setContentsMargins(look::kGrid, 0, look::kGrid / 2, 0);
    head->addWidget(m_language, 1);
    head->addWidget(copy);

    m_text->setObjectName(QStringLiteral("code"));
    m_text->setReadOnly(true);
    m_text->setUndoRedoEnabled(false);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_text->setFocusPolicy(Qt::ClickFocus);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setAccessibleName(tr("Code"));
    m_text->viewport()->installEventFilter(this);
    connect(m_text->horizontalScrollBar(), &QScrollBar::rangeChanged, this, [this] { fit(); });

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(m_text);
    fit();
}

void CodeBlock::showCode(const QString& code, const QString& language) {
    m_language->setText(language.isEmpty() ? tr("code") : language);
    if (code.startsWith(m_shown) && !m_shown.isEmpty()) {
        QTextCursor end(m_text->document());
        end.movePosition(QTextCursor::End);
        end.insertText(code.sliced(m_shown.size()));
    } else {
        m_text->setPlainText(code);
    }
    m_shown = code;
    fit();
}

void CodeBlock::fit() {
    const int lines = m_text->blockCount();
    const auto* scroll = m_text->horizontalScrollBar();
    const int bar = scroll->maximum() > 0 ? scroll->sizeHint().height() : 0;
    const int margins = 2 * static_cast<int>(m_text->document()->documentMargin());
    m_text->setFixedHeight(lines * m_text->fontMetrics().lineSpacing() + margins + bar);
}

bool CodeBlock::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Wheel) {
        const auto* wheel = static_cast<QWheelEvent*>(event);
        const bool isSideways = wheel->angleDelta().x() != 0 || (wheel->modifiers() & Qt::ShiftModifier) != 0;
        if (!isSideways) {
            event->ignore();
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

void CodeBlock::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() != QEvent::FontChange && event->type() != QEvent::StyleChange) return;
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (font().pointSizeF() > 0) fixed.setPointSizeF(font().pointSizeF());
    m_text->setFont(fixed);
    fit();
}

} // namespace llamahome::widgets
