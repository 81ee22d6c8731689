// ChatInput: the field for a message: Enter sends, Shift+Enter begins a new line. GUI thread.
#pragma once

#include <QPlainTextEdit>

namespace llamahome::widgets {

/// Grows with its text up to kMostLines. Alt with a letter writes nothing.
class ChatInput final : public QPlainTextEdit {
    Q_OBJECT

public:
    static constexpr int kMostLines = 8;

    explicit ChatInput(QWidget* parent = nullptr);

    bool hasText() const;

Q_SIGNALS:
    void submitted();
    /// Esc.
    void cancelled();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void insertFromMimeData(const QMimeData* source) override; ///< text only

private:
    void fit();
};

} // namespace llamahome::widgets
