// HtmlPage: an HTML file that needs nothing beside it: no scripts, nothing fetched. A value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llamahome::jobs {

/// Text for HTML and XML, between tags and in attributes: what could be markup is spelled out; invalid UTF-8
/// and characters that XML cannot have become U+FFFD.
std::string htmlText(std::string_view text);

/// Is well-formed XML as well. Whatever is added as text comes out as that text; only addSvg() takes markup.
class HtmlPage {
public:
    explicit HtmlPage(std::string_view title);

    void addHeading(std::string_view text);
    void addSubheading(std::string_view text);
    void addParagraph(std::string_view text);
    /// In small print.
    void addNote(std::string_view text);
    /// Names and values.
    void addFacts(const std::vector<std::pair<std::string, std::string>>& facts);
    /// The first row is the head; columns from `firstNumber` on stand to the right.
    void addTable(const std::vector<std::vector<std::string>>& rows, std::size_t firstNumber);
    /// Text as it stands, line ends too.
    void addPlainText(std::string_view text);
    /// Columns beside each other, each a caption and a text as it stands.
    void addColumns(const std::vector<std::pair<std::string, std::string>>& columns);
    /// Below its summary, folded.
    void addFolded(std::string_view summary, std::string_view text);
    /// Markup of the program's own.
    void addSvg(std::string_view svg);

    /// The whole file.
    std::string text() const;

private:
    void addElement(std::string_view name, std::string_view attributes, std::string_view text);

    std::string m_title;
    std::string m_body;
};

} // namespace llamahome::jobs
