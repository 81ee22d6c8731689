// MarkdownText: one block of an answer as rich text, as high as its text. What it shows may be hostile. GUI
// thread.
#pragma once

#include <QTextBrowser>

namespace llamahome::widgets {

/// HTML in the text is shown as it stands. Nothing is ever fetched or read: pictures are told by their words,
/// links open nothing by themselves but emit linkActivated().
class MarkdownText final : public QTextBrowser {
    Q_OBJECT

public:
    explicit MarkdownText(QWidget* parent = nullptr);

    void showMarkdown(const QString& markdown);
    /// Without any formatting, for what the user wrote.
    void showPlain(const QString& text);

    QSize sizeHint() const override;

Q_SIGNALS:
    /// A link was clicked, or Enter pressed on it.
    void linkActivated(const QUrl& target);

protected:
    QVariant loadResource(int type, const QUrl& name) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override; ///< scrolls the page instead
    void changeEvent(QEvent* event) override;

private:
    void replaceImages();
    void setCodeFont();
    void fit();
};

} // namespace llamahome::widgets
