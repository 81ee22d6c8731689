#include "formats/gguf/ollama_modelfile.h"

#include <string_view>

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::string_view kQuotes = "\"\"\"";

/// Text of a template that Go takes as it is: two opening braces would begin an action, and of quotes that
/// stand together or last a Modelfile would take some for the end of the text.
std::string literal(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = i + 1 < text.size() ? text[i + 1] : '"';
        if (text[i] == '{')
            result += "{{ \"{\" }}";
        else if (text[i] == '"' && next == '"')
            result += "{{ \"\\\"\" }}";
        else
            result += text[i];
    }
    return result;
}

std::string templateOf(const OllamaTurns& turns) {
    const auto around = [](const std::string& before, const char* field, const std::string& after) {
        return literal(before) + "{{ " + field + " }}" + literal(after);
    };
    return literal(turns.first) + "{{ if .System }}" +
           around(turns.systemBefore, ".System", turns.systemAfter) + "{{ end }}{{ if .Prompt }}" +
           around(turns.userBefore, ".Prompt", turns.userAfter) + "{{ end }}" +
           around(turns.answerBefore, ".Response", turns.answerAfter);
}

class Composer {
public:
    /// A word after the keyword, to the end of the line.
    void word(const char* keyword, const std::string& value) {
        if (value.empty() || value.find_first_of("\r\n\"") != std::string::npos)
            report(keyword, value, "a name or path without quotes and line ends");
        begin(keyword).append(value) += '\n';
    }
    /// A short text in double quotes where it can be.
    void quoted(const char* keyword, const std::string& value) {
        if (value.find_first_of("\r\n\"") != std::string::npos) return text(keyword, value);
        begin(keyword).append(1, '"').append(value).append("\"\n");
    }
    /// A text in three double quotes, which may have lines.
    void text(const char* keyword, const std::string& value) {
        if (!canBeModelfileText(value))
            report(keyword, value, "a text without three double quotes, which does not end in one");
        begin(keyword).append(kQuotes).append(value).append(kQuotes) += '\n';
    }

    Result<std::string> finish() const {
        if (m_problem) return *m_problem;
        return m_text;
    }

private:
    std::string& begin(const char* keyword) { return m_text.append(keyword).append(1, ' '); }

    void report(const char* keyword, const std::string& found, const char* expected) {
        if (!m_problem)
            m_problem = Error{codes::kExportKind, std::string("Modelfile: ") + keyword + ": found " +
                                                      quotedText(found) + ", expected " + expected};
    }

    std::string m_text;
    std::optional<Error> m_problem;
};

} // namespace

bool canBeModelfileText(std::string_view text) {
    return text.find(kQuotes) == std::string_view::npos && !text.ends_with('"');
}

Result<std::string> ollamaModelfileText(const OllamaModelfile& file) {
    Composer composer;
    composer.word("FROM", file.from);
    if (!file.adapter.empty()) composer.word("ADAPTER", file.adapter);
    if (file.turns) composer.text("TEMPLATE", templateOf(*file.turns));
    if (!file.system.empty()) composer.text("SYSTEM", file.system);
    if (file.contextLength) composer.word("PARAMETER num_ctx", std::to_string(*file.contextLength));
    for (const std::string& stop : file.stops)
        composer.quoted("PARAMETER stop", stop);
    if (!file.license.empty()) composer.text("LICENSE", file.license);
    return composer.finish();
}

} // namespace llamahome::formats
