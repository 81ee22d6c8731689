#include "jobs/report/html_page.h"

#include "core/utf8.h"

namespace llamahome::jobs {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Nothing is loaded from anywhere, and no script runs, whatever should stand in the text.
constexpr std::string_view kPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--line:#8884;--quiet:#66707a;--accent:#2b62b5;--eval:#b3541e;--good:#2c7a3d}
@media(prefers-color-scheme:dark){:root{--quiet:#a3adb7;--accent:#7fb0f5;--eval:#f0a070;--good:#7fca8f}}
body{font:15px/1.5 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em}
h1{font-size:1.6em}h2{font-size:1.25em;margin-top:2em;border-bottom:1px solid var(--line)}
h3{font-size:1em;margin:1.5em 0 .4em}
.note{color:var(--quiet);font-size:.9em}
table{border-collapse:collapse;margin:.5em 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.2em .9em .2em 0;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.3em 0}
.columns{display:flex;gap:1em;flex-wrap:wrap}
.columns>div{flex:1 1 18em;border:1px solid var(--line);border-radius:6px;padding:.4em .8em}
details{margin:.3em 0}summary{cursor:pointer}
svg{max-width:100%;height:auto;display:block}
svg text{fill:currentColor;font:12px system-ui,sans-serif}
)";

/// Whether XML 1.0 can have the character.
bool isXmlChar(char32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return true;
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
    return (c & 0xFFFE) != 0xFFFE; // no character ends so
}

std::string_view entityOf(char32_t c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r': // else a reader takes it for a line end
        return "&#13;";
    default:
        return {};
    }
}

} // namespace

std::string htmlText(std::string_view text) {
    std::string html;
    html.reserve(text.size() + text.size() / 8);
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char found = decodeUtf8(text, at);
        const std::string_view entity = entityOf(found.codePoint);
        if (!found.valid || !isXmlChar(found.codePoint))
            html += kReplacement;
        else if (!entity.empty())
            html += entity;
        else
            html += text.substr(at, found.length);
        at += found.length;
    }
    return html;
}

HtmlPage::HtmlPage(std::string_view title)
    : m_title(htmlText(title)) {
    addElement("h1", {}, title);
}

void HtmlPage::addElement(std::string_view name, std::string_view attributes, std::string_view text) {
    m_body += '<';
    m_body += name;
    m_body += attributes;
    m_body += '>';
    m_body += htmlText(text);
    m_body += "</";
    m_body += name;
    m_body += ">\n";
}

void HtmlPage::addHeading(std::string_view text) {
    addElement("h2", {}, text);
}

void HtmlPage::addSubheading(std::string_view text) {
    addElement("h3", " dir=\"auto\"", text);
}

void HtmlPage::addParagraph(std::string_view text) {
    addElement("p", {}, text);
}

void HtmlPage::addNote(std::string_view text) {
    addElement("p", " class=\"note\"", text);
}

void HtmlPage::addFacts(const std::vector<std::pair<std::string, std::string>>& facts) {
    m_body += "<table>\n";
    for (const auto& [name, value] : facts) {
        m_body += "<tr>";
        addElement("th", " scope=\"row\"", name);
        addElement("td", " dir=\"auto\"", value);
        m_body += "</tr>\n";
    }
    m_body += "</table>\n";
}

void HtmlPage::addTable(const std::vector<std::vector<std::string>>& rows, std::size_t firstNumber) {
    m_body += "<table>\n";
    for (std::size_t row = 0; row < rows.size(); ++row) {
        m_body += "<tr>";
        for (std::size_t column = 0; column < rows[row].size(); ++column) {
            const std::string kind = column >= firstNumber ? " class=\"n\"" : "";
            if (row == 0)
                addElement("th", " scope=\"col\"" + kind, rows[row][column]);
            else
                addElement("td", kind, rows[row][column]);
        }
        m_body += "</tr>\n";
    }
    m_body += "</table>\n";
}

void HtmlPage::addPlainText(std::string_view text) {
    addElement("pre", " dir=\"auto\"", text);
}

void HtmlPage::addColumns(const std::vector<std::pair<std::string, std::string>>& columns) {
    m_body += "<div class=\"columns\">\n";
    for (const auto& [caption, text] : columns) {
        m_body += "<div>";
        addNote(caption);
        addPlainText(text);
        m_body += "</div>\n";
    }
    m_body += "</div>\n";
}

void HtmlPage::addFolded(std::string_view summary, std::string_view text) {
    m_body += "<details>";
    addElement("summary", {}, summary);
    addPlainText(text);
    m_body += "</details>\n";
}

void HtmlPage::addSvg(std::string_view svg) {
    m_body += svg;
}

std::string HtmlPage::text() const {
    std::string page = "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
                       "<meta charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-Policy\" content=\"";
    page += htmlText(kPolicy);
    page += "\"/>\n<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>";
    page += m_title;
    page += "</title>\n<style>";
    page += kStyle;
    page += "</style>\n</head>\n<body>\n";
    page += m_body;
    page += "</body>\n</html>\n";
    return page;
}

} // namespace llamahome::jobs
