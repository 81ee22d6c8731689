#include "widgets/run_note_edit.h"

#include <QTextDocument>

namespace llamahome::widgets {
namespace {

constexpr int kRestMs = 700;

} // namespace

RunNoteEdit::RunNoteEdit(QWidget* parent)
    : QPlainTextEdit(parent) {
    setObjectName(QStringLiteral("runNote"));
    setAccessibleName(tr("Note about the run"));
    setPlaceholderText(tr("What this run was for, and what came of it."));
    setFrameShape(QFrame::NoFrame);
    setTabChangesFocus(true);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    connect(&m_rest, &QTimer::timeout, this, &RunNoteEdit::tell);
    connect(this, &QPlainTextEdit::textChanged, this, [this] {
        m_isTyped = m_isTyped || document()->isModified();
        if (document()->isModified()) m_rest.start();
    });
}

RunNoteEdit::~RunNoteEdit() {
    tell();
}

void RunNoteEdit::showNote(const QString& run, const std::optional<QString>& note) {
    if (run == m_run && m_isTyped) return;
    tell();
    m_isTyped = false;
    setReadOnly(!note);
    const QString text = note ? *note : tr("The note cannot be read.");
    // Also the same text where the run is another: it ends what can be undone.
    if (run != m_run || text != toPlainText()) setPlainText(text);
    m_run = run;
}

void RunNoteEdit::tell() {
    m_rest.stop();
    if (!document()->isModified()) return;
    document()->setModified(false);
    Q_EMIT noted(m_run, toPlainText());
}

void RunNoteEdit::focusOutEvent(QFocusEvent* event) {
    QPlainTextEdit::focusOutEvent(event);
    tell();
}

} // namespace llamahome::widgets
