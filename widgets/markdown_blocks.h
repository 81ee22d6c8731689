// Cuts the Markdown of an answer into blocks that are drawn apart: paragraphs and fenced code. Any thread.
#pragma once

#include <vector>

#include <QString>
#include <QStringView>

namespace llamahome::widgets {

struct MarkdownBlock {
    enum class Kind { Text, Code };

    Kind kind = Kind::Text;
    QString text;         ///< Markdown, or the code without its fences
    QString language;     ///< of code: the first word after the fence; empty: none given
    qsizetype source = 0; ///< where the block begins in the whole

    friend bool operator==(const MarkdownBlock&, const MarkdownBlock&) = default;
};

/// No block of text is longer than this, however long its lines are.
inline constexpr qsizetype kMaxMarkdownBlock = 8192;

/// A fence that is still open is code to the end. Text is cut at blank lines before plain paragraphs and
/// headings, never within a list, a table or a quotation unless it is too long. What comes later changes only
/// the last block: cutting again from its `source` on gives the same as cutting the whole.
std::vector<MarkdownBlock> markdownBlocks(QStringView markdown);

} // namespace llamahome::widgets
