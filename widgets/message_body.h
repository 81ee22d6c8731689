// MessageBody: the text of one message as a column of blocks that grows cheaply. GUI thread.
#pragma once

#include <vector>

#include <QString>
#include <QWidget>

#include "widgets/markdown_blocks.h"

class QUrl;
class QVBoxLayout;

namespace llamahome::widgets {

class MessageBody final : public QWidget {
    Q_OBJECT

public:
    /// More than this is not drawn; the message itself has it all.
    static constexpr qsizetype kMaxDrawn = 256 * 1024;

    explicit MessageBody(QWidget* parent = nullptr);

    /// Markdown for answers, as it stands for what the user wrote. Text that begins with what is shown costs
    /// its last block only.
    void setText(const QString& text, bool isMarkdown);
    const QString& text() const { return m_text; }
    /// What its blocks of code hold, in order.
    QStringList codes() const;

Q_SIGNALS:
    void linkActivated(const QUrl& target);

private:
    void showBlock(std::size_t at, const MarkdownBlock& block);
    void dropFrom(std::size_t at);

    struct Shown {
        MarkdownBlock block;
        QWidget* widget;
    };

    QVBoxLayout* m_layout;
    std::vector<Shown> m_blocks;
    QString m_text;
    bool m_isMarkdown = false;
    QWidget* m_more = nullptr; ///< told where not all is drawn
};

} // namespace llamahome::widgets
