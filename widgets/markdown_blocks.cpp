#include "widgets/markdown_blocks.h"

#include <algorithm>
#include <optional>

namespace llamahome::widgets {
namespace {

constexpr int kLeastFence = 3;
constexpr int kMostIndent = 3; // more is indented code

struct Fence {
    QChar mark;
    int length = 0;
    QString language;
};

/// The fence that a line opens.
std::optional<Fence> openedFence(QStringView line) {
    int indent = 0;
    while (indent < line.size() && line[indent] == u' ')
        ++indent;
    if (indent > kMostIndent) return std::nullopt;
    const QStringView rest = line.sliced(indent).trimmed();
    if (rest.isEmpty() || (rest[0] != u'`' && rest[0] != u'~')) return std::nullopt;
    Fence fence{rest[0], 0, {}};
    while (fence.length < rest.size() && rest[fence.length] == fence.mark)
        ++fence.length;
    const QStringView info = rest.sliced(fence.length).trimmed();
    if (fence.length < kLeastFence || (fence.mark == u'`' && info.contains(u'`'))) return std::nullopt;
    const qsizetype end = info.indexOf(u' ');
    fence.language = (end < 0 ? info : info.first(end)).toString();
    return fence;
}

bool closes(const Fence& fence, QStringView line) {
    const QStringView rest = line.trimmed();
    return rest.size() >= fence.length &&
           std::all_of(rest.begin(), rest.end(), [&](QChar c) { return c == fence.mark; });
}

/// Whether a paragraph may begin anew with this line: it is no part of a list, quotation, table or code.
bool beginsParagraph(QStringView line) {
    if (line.isEmpty() || line[0].isSpace()) return false;
    static constexpr QStringView kContinues = u"-*+>|`~";
    if (line[0].isDigit() || kContinues.contains(line[0])) return line.startsWith(u"**");
    return true;
}

/// A place to cut before `end`: the last blank, else never between the halves of a character.
qsizetype cutBefore(QStringView text, qsizetype end) {
    const qsizetype blank = text.first(end).lastIndexOf(u' ');
    if (blank > end / 2) return blank + 1;
    return text[end - 1].isHighSurrogate() ? end - 1 : end;
}

class Cutter {
public:
    explicit Cutter(QStringView markdown)
        : m_all(markdown) {}

    std::vector<MarkdownBlock> run() {
        while (m_at < m_all.size()) {
            const qsizetype newline = m_all.indexOf(u'\n', m_at);
            const qsizetype next = newline < 0 ? m_all.size() : newline + 1;
            take(m_all.sliced(m_at, (newline < 0 ? next : newline) - m_at), newline >= 0);
            m_at = next;
        }
        if (m_fence)
            endCode(m_all.size());
        else
            endText(m_all.size());
        return std::move(m_blocks);
    }

private:
    void take(QStringView line, bool isWhole) {
        if (m_fence) {
            if (closes(*m_fence, line)) {
                endCode(m_at);
                m_fence.reset();
                m_begin = std::min(m_at + line.size() + 1, m_all.size());
            }
            return;
        }
        if (auto fence = isWhole ? openedFence(line) : std::nullopt) {
            endText(m_at);
            m_fence = std::move(fence);
            m_begin = m_at;
            m_codeBegin = m_at + line.size() + 1;
        } else if (m_wasBlank && isWhole && beginsParagraph(line) && m_at > m_begin) {
            endText(m_at);
            m_begin = m_at;
        }
        m_wasBlank = line.trimmed().isEmpty();
    }

    void endText(qsizetype end) {
        QStringView text = m_all.sliced(m_begin, end - m_begin);
        qsizetype source = m_begin;
        while (text.size() > kMaxMarkdownBlock) {
            const qsizetype cut = cutBefore(text, kMaxMarkdownBlock);
            m_blocks.push_back({MarkdownBlock::Kind::Text, text.first(cut).toString(), {}, source});
            text = text.sliced(cut);
            source += cut;
        }
        if (!text.trimmed().isEmpty())
            m_blocks.push_back({MarkdownBlock::Kind::Text, text.toString(), {}, source});
    }

    void endCode(qsizetype end) {
        QStringView code =
            m_all.sliced(std::min(m_codeBegin, end), std::max<qsizetype>(end - m_codeBegin, 0));
        if (code.endsWith(u'\n')) code.chop(1);
        m_blocks.push_back({MarkdownBlock::Kind::Code, code.toString(), m_fence->language, m_begin});
    }

    QStringView m_all;
    std::vector<MarkdownBlock> m_blocks;
    std::optional<Fence> m_fence;
    qsizetype m_at = 0;
    qsizetype m_begin = 0;     ///< of the block that goes on
    qsizetype m_codeBegin = 0; ///< after the line of the fence
    bool m_wasBlank = false;
};

} // namespace

std::vector<MarkdownBlock> markdownBlocks(QStringView markdown) {
    return Cutter(markdown).run();
}

} // namespace llamahome::widgets
