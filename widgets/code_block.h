// CodeBlock: a piece of code in an answer, with its language and a button that copies it. GUI thread.
#pragma once

#include <QFrame>
#include <QString>

class QLabel;
class QPlainTextEdit;

namespace llamahome::widgets {

/// As high as its lines; long lines scroll sideways.
class CodeBlock final : public QFrame {
    Q_OBJECT

public:
    explicit CodeBlock(QWidget* parent = nullptr);

    /// Code that begins with what is shown is appended to it.
    void showCode(const QString& code, const QString& language);
    QString code() const { return m_shown; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override; ///< the wheel scrolls the page
    void changeEvent(QEvent* event) override;

private:
    void fit();

    QLabel* m_language;
    QPlainTextEdit* m_text;
    QString m_shown;
};

} // namespace llamahome::widgets
