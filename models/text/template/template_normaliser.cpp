#include "text/template/template_normaliser.h"

#include <algorithm>

namespace llamahome::text {
namespace {

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Normaliser {
public:
    explicit Normaliser(std::string_view text)
        : m_in(text) {}

    std::string run() {
        while (m_at < m_in.size()) {
            const std::size_t open = nextTag();
            outside(m_in.substr(m_at, open - m_at), open);
            m_at = open;
            if (m_at < m_in.size()) tag();
        }
        return std::move(m_out);
    }
    TemplateLiterals literals() && { return std::move(m_literals); }

private:
    /// Offset of the next "{%", "{{" or "{#", or the end.
    std::size_t nextTag() const {
        for (std::size_t at = m_at; at + 1 < m_in.size(); ++at) {
            if (m_in[at] == '{' && std::string_view("%{#").find(m_in[at + 1]) != std::string_view::npos)
                return at;
        }
        return m_in.size();
    }

    /// Text between tags; kept unless it is blank and dropped by the environment or a minus sign.
    void outside(std::string_view text, std::size_t next) {
        const bool blank = std::all_of(text.begin(), text.end(), isBlank);
        const bool minusAfter = next + 2 < m_in.size() && m_in[next + 2] == '-';
        const bool atEnd = next == m_in.size();
        const bool beforeBlock = atEnd || m_in[next + 1] != '{';
        const bool oneLine = std::count(text.begin(), text.end(), '\n') <= 1;
        const bool newLine = text.starts_with('\n') || text.starts_with("\r\n");
        const bool trimmed = m_afterBlock && newLine && oneLine && (beforeBlock || text.ends_with('\n'));
        if (!blank) m_literals.hasTextBetween = true;
        // The environment drops one line end at the end of the text, whatever stands before it.
        if (blank && (m_minusBefore || minusAfter || trimmed || (atEnd && oneLine) || text.empty())) return;
        m_out += text;
    }

    void tag() {
        const char kind = m_in[m_at + 1];
        const std::string_view close = kind == '%' ? "%}" : kind == '{' ? "}}" : "#}";
        m_at += 2;
        const std::size_t begin = m_out.size();
        if (kind != '#') m_out += kind == '%' ? "{%" : "{{";
        if (m_at < m_in.size() && m_in[m_at] == '-') ++m_at;
        while (m_at < m_in.size() && m_in.substr(m_at, 2) != close)
            step(kind == '#');
        m_minusBefore = m_at > 0 && m_in[m_at - 1] == '-';
        if (m_minusBefore && kind != '#' && m_out.ends_with('-')) m_out.pop_back();
        m_at = std::min(m_at + 2, m_in.size());
        m_afterBlock = kind != '{';
        if (kind == '#')
            m_out.resize(begin);
        else
            m_out += close;
    }

    /// One character of a tag, or a whole text in quotes.
    void step(bool isComment) {
        const char c = m_in[m_at];
        if (!isComment && (c == '\'' || c == '"')) return quoted(c);
        if (!isBlank(c)) m_out += c;
        ++m_at;
    }

    void quoted(char quote) {
        std::string text;
        for (++m_at; m_at < m_in.size() && m_in[m_at] != quote; ++m_at) {
            if (m_in[m_at] == '\\' && m_at + 1 < m_in.size())
                text += meant(m_in[++m_at]);
            else
                text += m_in[m_at];
        }
        m_out.append(1, '\'').append(text).append(1, '\'');
        m_literals.texts.push_back(std::move(text));
        m_at = std::min(m_at + 1, m_in.size());
    }

    /// What stands behind a backslash.
    static char meant(char c) { return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c; }

    std::string_view m_in;
    std::size_t m_at = 0;
    std::string m_out;
    TemplateLiterals m_literals;
    bool m_minusBefore = false;
    bool m_afterBlock = false; ///< the last tag was a block or a comment, whose line end is trimmed
};

} // namespace

std::string normalTemplate(std::string_view templateText) {
    return Normaliser(templateText).run();
}

TemplateLiterals templateLiterals(std::string_view templateText) {
    Normaliser normaliser(templateText);
    (void)normaliser.run();
    return std::move(normaliser).literals();
}

} // namespace llamahome::text
