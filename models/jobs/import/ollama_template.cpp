#include "jobs/import/ollama_template.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace llamahome::jobs {
namespace {

constexpr std::size_t kMostBytes = 1U << 16;
constexpr int kMostLevels = 16;
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmedLeft(std::string_view text) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlanks)));
    return text;
}

std::string_view trimmedRight(std::string_view text) {
    const std::size_t last = text.find_last_not_of(kBlanks);
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Takes the word that `text` begins with, and the blanks behind it.
std::string_view takeWord(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    text = trimmedLeft(text.substr(word.size()));
    return word;
}

/// Text as it stands, or what is between "{{" and "}}".
struct Piece {
    bool isAction = false;
    std::string_view text;
};

/// The pieces of a template, comments left out; nothing where an action has no end.
std::optional<std::vector<Piece>> piecesOf(std::string_view text) {
    std::vector<Piece> pieces;
    while (!text.empty()) {
        const std::size_t open = text.find("{{");
        std::string_view before = text.substr(0, open);
        text.remove_prefix(before.size());
        const bool trimsBefore = text.size() > 3 && text[2] == '-' && kBlanks.find(text[3]) != kBlanks.npos;
        if (trimsBefore) before = trimmedRight(before);
        if (!before.empty()) pieces.push_back({false, before});
        if (text.empty()) break;
        const std::size_t close = text.find("}}");
        if (close == std::string_view::npos) return std::nullopt;
        std::string_view action = text.substr(2, close - 2);
        text.remove_prefix(close + 2);
        if (trimsBefore) action.remove_prefix(1);
        if (action.size() > 1 && action.ends_with('-') &&
            kBlanks.find(action[action.size() - 2]) != kBlanks.npos) {
            action.remove_suffix(1);
            text = trimmedLeft(text);
        }
        action = trimmedRight(trimmedLeft(action));
        if (!action.starts_with("/*")) pieces.push_back({true, action});
    }
    return pieces;
}

/// A part of a template.
struct Part {
    enum class Kind { Text, Field, If, Range };
    Kind kind = Kind::Text;
    std::string_view text; ///< of a Text, or the field: ".Prompt"
    std::string_view role; ///< If: with what the field is compared; empty: whether it is
    std::vector<Part> body = {};
    std::vector<Part> otherwise = {};
};

/// Builds the parts from the pieces. What is not read here ends it.
class Parser {
public:
    explicit Parser(std::vector<Piece> pieces)
        : m_pieces(std::move(pieces)) {}

    std::optional<std::vector<Part>> run() {
        auto parts = list(0);
        if (m_isForeign || m_at < m_pieces.size()) return std::nullopt;
        return parts;
    }

private:
    /// Up to the end of the pieces, or to an "else" or "end", which is not taken.
    std::vector<Part> list(int level) {
        std::vector<Part> parts;
        for (; m_at < m_pieces.size() && !m_isForeign; ++m_at) {
            const Piece& piece = m_pieces[m_at];
            std::string_view rest = piece.text;
            if (const auto text = textOf(piece)) {
                parts.push_back({Part::Kind::Text, *text, {}});
            } else if (const std::string_view word = takeWord(rest); word == "else" || word == "end") {
                return parts;
            } else if (word == "if") {
                parts.push_back(branch(rest, level));
            } else if (word == "range") {
                Part range{Part::Kind::Range, rest, {}};
                m_isForeign = m_isForeign || rest != ".Messages" || level == kMostLevels;
                block(range, level);
                parts.push_back(std::move(range));
            } else {
                m_isForeign = !isField(word) || !rest.empty();
                parts.push_back({Part::Kind::Field, word, {}});
            }
        }
        return parts;
    }

    /// "if CONDITION" up to its "end".
    Part branch(std::string_view condition, int level) {
        Part part{Part::Kind::If, {}, {}};
        const std::string_view word = takeWord(condition);
        part.text = word;
        if (word == "eq") {
            part.text = takeWord(condition);
            part.role = condition.size() > 2 && condition.front() == '"' && condition.back() == '"'
                            ? condition.substr(1, condition.size() - 2)
                            : std::string_view();
            m_isForeign =
                m_isForeign || part.role.empty() || part.role.find_first_of("\"\\") != part.role.npos;
        } else {
            m_isForeign = m_isForeign || !condition.empty();
        }
        m_isForeign = m_isForeign || !isField(part.text) || level == kMostLevels;
        block(part, level);
        return part;
    }

    /// The body of `part`, whose first piece was just looked at, and what stands behind its "else".
    void block(Part& part, int level) {
        if (m_isForeign) return;
        ++m_at;
        part.body = list(level + 1);
        if (isAtEnd()) return fail();
        if (m_pieces[m_at].text == "end") return;
        std::string_view rest = m_pieces[m_at].text;
        takeWord(rest);
        if (takeWord(rest) == "if") { // one "end" for both
            part.otherwise.push_back(branch(rest, level + 1));
            return;
        }
        if (m_pieces[m_at].text != "else") return fail();
        ++m_at;
        part.otherwise = list(level + 1);
        if (isAtEnd() || m_pieces[m_at].text != "end") fail();
    }

    /// Of a piece that stands for itself: a plain one, or an action that is a text in quotes.
    static std::optional<std::string_view> textOf(const Piece& piece) {
        constexpr std::string_view kQuote = "\"";
        if (!piece.isAction) return piece.text;
        if (piece.text.size() < 2 || !piece.text.starts_with(kQuote) || !piece.text.ends_with(kQuote))
            return std::nullopt;
        const std::string_view inner = piece.text.substr(1, piece.text.size() - 2);
        if (inner == "\\\"") return kQuote;
        return inner.find_first_of("\"\\") == inner.npos ? std::optional(inner) : std::nullopt;
    }

    static bool isField(std::string_view word) { return word.starts_with('.') || word.starts_with("$."); }
    bool isAtEnd() const { return m_isForeign || m_at >= m_pieces.size(); }
    void fail() { m_isForeign = true; }

    std::vector<Piece> m_pieces;
    std::size_t m_at = 0;
    bool m_isForeign = false; ///< it says what is not read here
};

bool names(const std::vector<Part>& parts, std::string_view field) {
    return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
        return (part.kind != Part::Kind::Text && part.text == field) || names(part.body, field) ||
               names(part.otherwise, field);
    });
}

/// Writes a conversation as Ollama does: with all messages at once where the template names them, else turn
/// by turn, each a prompt and its response.
class Writer {
public:
    explicit Writer(const std::vector<Part>& parts)
        : m_parts(parts) {}

    /// `messages` end with a user's. Nothing where a field stands where there is none of that name.
    std::optional<std::string> write(const std::vector<text::Message>& messages) {
        m_messages = &messages;
        for (const text::Message& message : messages) {
            if (message.role == "system")
                m_system = message.content;
            else if (message.role == "user")
                m_prompt = message.content;
            else if (!names(m_parts, ".Messages"))
                answered(message.content);
        }
        m_endsAtResponse = true;
        list(m_parts);
        return m_isForeign ? std::nullopt : std::optional(std::move(m_out));
    }

private:
    void answered(const std::string& response) {
        m_response = response;
        list(m_parts);
        if (!names(m_parts, ".Response")) m_out += m_response; // Ollama puts it behind the rest
        m_system.clear();
        m_prompt.clear();
        m_response.clear();
    }

    const std::string& valueOf(std::string_view field) {
        if (field == ".Response" && m_endsAtResponse && m_message == nullptr) m_isAtResponse = true;
        if (field.starts_with("$.") || m_message == nullptr) {
            const std::string_view name = field.substr(field.find('.') + 1);
            if (name == "System") return m_system;
            if (name == "Prompt") return m_prompt;
            if (name == "Response") return m_response;
        } else {
            if (field == ".Role") return m_message->role;
            if (field == ".Content") return m_message->content;
        }
        m_isForeign = true;
        return m_system;
    }

    bool holds(const Part& part) {
        if (part.text == ".Messages") return true;
        return part.role.empty() ? !valueOf(part.text).empty() : valueOf(part.text) == part.role;
    }

    void list(const std::vector<Part>& parts) {
        for (const Part& part : parts) {
            if (m_isAtResponse || m_isForeign) return;
            switch (part.kind) {
            case Part::Kind::Text:
                m_out += part.text;
                break;
            case Part::Kind::Field:
                m_out += valueOf(part.text);
                break;
            case Part::Kind::If:
                list(holds(part) ? part.body : part.otherwise);
                break;
            case Part::Kind::Range:
                range(part);
                break;
            }
        }
    }

    void range(const Part& part) {
        m_isForeign = m_isForeign || m_message != nullptr; // the messages within a message
        for (const text::Message& message : *m_messages) {
            m_message = &message;
            list(part.body);
        }
        m_message = nullptr;
    }

    const std::vector<Part>& m_parts;
    const std::vector<text::Message>* m_messages = nullptr;
    const text::Message* m_message = nullptr; ///< that a range stands at
    std::string m_system;
    std::string m_prompt;
    std::string m_response;
    std::string m_out;
    bool m_endsAtResponse = false; ///< the last turn is open
    bool m_isAtResponse = false;
    bool m_isForeign = false;
};

/// What tells two formats apart: the text without blanks and without the token that begins every text, which
/// Ollama puts there whatever the template says.
std::string essenceOf(std::string_view text, const std::string& bos) {
    if (!bos.empty() && text.starts_with(bos)) text.remove_prefix(bos.size());
    std::string essence;
    std::copy_if(text.begin(), text.end(), std::back_inserter(essence),
                 [](char c) { return kBlanks.find(c) == kBlanks.npos; });
    return essence;
}

} // namespace

std::string chatTemplateOf(std::string_view ollamaTemplate, const text::TemplateTokens& tokens) {
    if (ollamaTemplate.size() > kMostBytes) return {};
    auto pieces = piecesOf(ollamaTemplate);
    if (!pieces) return {};
    const auto parts = Parser(std::move(*pieces)).run();
    if (!parts) return {};
    const std::vector<text::Message> talk{{"user", "P1"}, {"assistant", "A1"}, {"user", "P2"}};
    std::vector<text::Message> led = talk;
    led.insert(led.begin(), {"system", "S"});
    const auto isWrittenBy = [&](const std::string& name) {
        const auto known = text::ChatTemplate::named(name, tokens);
        for (const auto& messages : {talk, led}) {
            const auto written = Writer(*parts).write(messages);
            const auto rendered =
                known ? known->render(messages, {.addGenerationPrompt = true}) : known.error();
            if (!written || !rendered ||
                essenceOf(*written, tokens.bos) != essenceOf(text::joinedText(*rendered), tokens.bos))
                return false;
        }
        return true;
    };
    const std::vector<std::string> all = text::ChatTemplate::names();
    const auto found = std::find_if(all.begin(), all.end(), isWrittenBy);
    return found == all.end() ? std::string() : *found;
}

} // namespace llamahome::jobs
