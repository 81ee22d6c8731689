#include "widgets/markdown_text.h"

#include <cmath>
#include <utility>
#include <vector>

#include <QAbstractTextDocumentLayout>
#include <QFontDatabase>
#include <QImage>
#include <QScrollBar>
#include <QTextBlock>
#include <QTextCursor>
#include <QWheelEvent>

namespace llamahome::widgets {
namespace {

constexpr double kIndent = 20.0; ///< of a list, pixels

} // namespace

MarkdownText::MarkdownText(QWidget* parent)
    : QTextBrowser(parent) {
    setOpenLinks(false);
    setOpenExternalLinks(false);
    setFrameShape(QFrame::NoFrame);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFocusPolicy(Qt::ClickFocus);
    setUndoRedoEnabled(false);
    setAccessibleName(tr("Text"));
    document()->setDocumentMargin(0);
    document()->setIndentWidth(kIndent);
    viewport()->setAutoFillBackground(false);
    connect(this, &QTextBrowser::anchorClicked, this, &MarkdownText::linkActivated);
    // Where a link leads is seen before it is clicked, whatever its words say.
    connect(this, &QTextBrowser::highlighted, this,
            [this](const QUrl& target) { viewport()->setToolTip(target.toDisplayString().toHtmlEscaped()); });
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
            [this] { fit(); });
}

void MarkdownText::showMarkdown(const QString& markdown) {
    document()->setMarkdown(markdown, QTextDocument::MarkdownFeatures(QTextDocument::MarkdownDialectGitHub) |
                                          QTextDocument::MarkdownNoHTML);
    replaceImages();
    setCodeFont();
    fit();
}

void MarkdownText::showPlain(const QString& text) {
    setPlainText(text);
    fit();
}

/// A picture would be looked for by its name, on this machine too.
void MarkdownText::replaceImages() {
    struct Image {
        int position;
        QString words;
    };
    std::vector<Image> images;
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next())
        for (auto part = block.begin(); !part.atEnd(); ++part) {
            const QTextCharFormat format = part.fragment().charFormat();
            if (!format.isImageFormat()) continue;
            const QString alt = format.stringProperty(QTextFormat::ImageAltText);
            const QString name = format.toImageFormat().name();
            images.push_back({part.fragment().position(), alt.isEmpty()
                                                              ? tr("[picture: %1]").arg(name)
                                                              : tr("[picture “%1”: %2]").arg(alt, name)});
        }
    for (auto image = images.rbegin(); image != images.rend(); ++image) {
        QTextCursor cursor(document());
        cursor.setPosition(image->position);
        cursor.setPosition(image->position + 1, QTextCursor::KeepAnchor);
        cursor.insertText(image->words, QTextCharFormat());
    }
}

void MarkdownText::setCodeFont() {
    const QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next())
        for (auto part = block.begin(); !part.atEnd(); ++part) {
            if (!part.fragment().charFormat().fontFixedPitch()) continue;
            QTextCursor cursor(document());
            cursor.setPosition(part.fragment().position());
            cursor.setPosition(part.fragment().position() + part.fragment().length(),
                               QTextCursor::KeepAnchor);
            QTextCharFormat format;
            format.setFontFamilies(fixed.families());
            cursor.mergeCharFormat(format);
        }
}

QVariant MarkdownText::loadResource(int type, const QUrl&) {
    // Something that is not nothing: for nothing the name would be tried as a file.
    if (type != QTextDocument::ImageResource) return QByteArray("");
    QImage empty(1, 1, QImage::Format_ARGB32);
    empty.fill(Qt::transparent);
    return empty;
}

void MarkdownText::fit() {
    const int width = viewport()->width();
    if (width > 0 && document()->textWidth() != width) document()->setTextWidth(width);
    const int height = static_cast<int>(std::ceil(document()->size().height()));
    if (height != minimumHeight() || height != maximumHeight()) setFixedHeight(height);
}

QSize MarkdownText::sizeHint() const {
    return {QTextBrowser::sizeHint().width(), minimumHeight()};
}

void MarkdownText::resizeEvent(QResizeEvent* event) {
    QTextBrowser::resizeEvent(event);
    fit();
}

void MarkdownText::wheelEvent(QWheelEvent* event) {
    event->ignore();
}

void MarkdownText::changeEvent(QEvent* event) {
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) fit();
}

} // namespace llamahome::widgets
