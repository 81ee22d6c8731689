#include "widgets/message_body.h"

#include <QLabel>
#include <QStringList>
#include <QUrl>
#include <QVBoxLayout>

#include "widgets/code_block.h"
#include "widgets/look.h"
#include "widgets/markdown_text.h"

namespace llamahome::widgets {
namespace {

/// What the user wrote, in pieces that are drawn quickly however long it is.
std::vector<MarkdownBlock> plainBlocks(QStringView text) {
    std::vector<MarkdownBlock> blocks;
    for (qsizetype at = 0; at < text.size();) {
        qsizetype end = std::min(at + kMaxMarkdownBlock, text.size());
        if (end < text.size()) {
            const qsizetype line = text.sliced(at, end - at).lastIndexOf(u'\n');
            if (line > 0)
                end = at + line + 1;
            else if (text[end - 1].isHighSurrogate())
                --end;
        }
        blocks.push_back({MarkdownBlock::Kind::Text, text.sliced(at, end - at).toString(), {}, at});
        at = end;
    }
    return blocks;
}

} // namespace

MessageBody::MessageBody(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this)) {
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(look::kGrid);
}

void MessageBody::setText(const QString& text, bool isMarkdown) {
    const bool grows = isMarkdown == m_isMarkdown && !m_blocks.empty() && text.startsWith(m_text);
    m_text = text;
    m_isMarkdown = isMarkdown;
    const QStringView drawn = QStringView(m_text).first(std::min(m_text.size(), kMaxDrawn));
    const std::size_t first = grows ? m_blocks.size() - 1 : 0;
    const qsizetype from = grows ? m_blocks.back().block.source : 0;
    if (from <= drawn.size()) {
        auto blocks = isMarkdown ? markdownBlocks(drawn.sliced(from)) : plainBlocks(drawn.sliced(from));
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            blocks[i].source += from;
            showBlock(first + i, blocks[i]);
        }
        dropFrom(first + blocks.size());
    }
    if (drawn.size() < m_text.size() && m_more == nullptr) {
        m_more = look::makeNote(tr("The message is too long to show; Copy takes all of it."), this);
        m_layout->addWidget(m_more);
    } else if (drawn.size() == m_text.size() && m_more != nullptr) {
        delete std::exchange(m_more, nullptr);
    }
}

void MessageBody::showBlock(std::size_t at, const MarkdownBlock& block) {
    const bool isThere = at < m_blocks.size();
    if (isThere && m_blocks[at].block == block) return;
    if (isThere && m_blocks[at].block.kind != block.kind) dropFrom(at);
    if (at >= m_blocks.size()) {
        QWidget* made = nullptr;
        if (block.kind == MarkdownBlock::Kind::Code) {
            made = new CodeBlock(this);
        } else {
            auto* text = new MarkdownText(this);
            connect(text, &MarkdownText::linkActivated, this, &MessageBody::linkActivated);
            made = text;
        }
        m_layout->insertWidget(static_cast<int>(at), made);
        made->show();
        m_blocks.push_back({{}, made});
    }
    m_blocks[at].block = block;
    if (auto* code = qobject_cast<CodeBlock*>(m_blocks[at].widget))
        code->showCode(block.text, block.language);
    else if (auto* text = qobject_cast<MarkdownText*>(m_blocks[at].widget); text && m_isMarkdown)
        text->showMarkdown(block.text);
    else if (text)
        text->showPlain(block.text);
}

void MessageBody::dropFrom(std::size_t at) {
    for (std::size_t i = at; i < m_blocks.size(); ++i)
        delete m_blocks[i].widget;
    if (at < m_blocks.size())
        m_blocks.erase(m_blocks.begin() + static_cast<std::ptrdiff_t>(at), m_blocks.end());
}

QStringList MessageBody::codes() const {
    QStringList all;
    for (const Shown& shown : m_blocks)
        if (shown.block.kind == MarkdownBlock::Kind::Code) all << shown.block.text;
    return all;
}

} // namespace llamahome::widgets
