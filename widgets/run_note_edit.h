// RunNoteEdit: a person's words about a run, kept while they are typed. GUI thread.
#pragma once

#include <optional>

#include <QPlainTextEdit>
#include <QString>
#include <QTimer>

namespace llamahome::widgets {

class RunNoteEdit final : public QPlainTextEdit {
    Q_OBJECT

public:
    explicit RunNoteEdit(QWidget* parent = nullptr);
    /// Tells what was not told yet.
    ~RunNoteEdit() override;

    /// Shows the note of a run; nothing: it cannot be read, and none can be written. What was typed about the
    /// same run stays.
    void showNote(const QString& run, const std::optional<QString>& note);

Q_SIGNALS:
    /// A moment after the last key, when the focus leaves, and before another run is shown.
    void noted(const QString& run, const QString& note);

protected:
    void focusOutEvent(QFocusEvent* event) override;

private:
    void tell();

    QString m_run;
    bool m_isTyped = false; ///< since that run is shown
    QTimer m_rest;
};

} // namespace llamahome::widgets
