#include "formats/peft/module_pattern_parser.h"

#include <charconv>
#include <utility>

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxExpression = 4096;
constexpr std::size_t kMaxProgram = 4000;

using Letters = std::bitset<128>;

Letters range(char first, char last) {
    Letters letters;
    for (int c = first; c <= last; ++c)
        letters.set(static_cast<std::size_t>(c));
    return letters;
}

Letters one(char c) {
    return range(c, c);
}

/// \d, \w, \s and, in capitals, all others.
std::optional<Letters> namedClass(char name) {
    switch (name) {
    case 'd':
        return range('0', '9');
    case 'w':
        return range('0', '9') | range('a', 'z') | range('A', 'Z') | one('_');
    case 's':
        return one(' ') | range('\t', '\r') | range('\x1c', '\x1f');
    case 'D':
    case 'W':
    case 'S':
        return ~*namedClass(static_cast<char>(name - 'A' + 'a'));
    default:
        return std::nullopt;
    }
}

std::optional<char> controlLetter(char name) {
    switch (name) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'v':
        return '\v';
    case 'a':
        return '\a';
    default:
        return std::nullopt;
    }
}

/// An atom that says where in the name it stands, and takes no letter of it.
bool isPlace(std::string_view atom) {
    return atom == "^" || atom == "$" || atom == "\\b" || atom == "\\B" || atom == "\\A" || atom == "\\Z";
}

std::size_t firstOf(const Letters& letters) {
    std::size_t at = 0;
    while (at < letters.size() && !letters[at])
        ++at;
    return at;
}

bool isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

} // namespace

Error ModulePatternParser::wrong(const std::string& text) const {
    return Error{codes::kAdapterConfigValue, m_what + ": found the expression " + quotedText(m_text) + ", " +
                                                 text + " at letter " + std::to_string(m_at + 1) +
                                                 "; save the adapter again"};
}

Error ModulePatternParser::unknown(const std::string& text) const {
    return Error{codes::kAdapterUnsupported, m_what + ": found the expression " + quotedText(m_text) +
                                                 " with " + text +
                                                 ", which is not understood here; write the names of the "
                                                 "modules instead"};
}

Result<void> ModulePatternParser::spend(std::size_t steps) {
    if (steps > m_budget.steps) return unknown("more steps, together with those before it, than are kept");
    m_budget.steps -= steps;
    return {};
}

bool ModulePatternParser::take(std::string_view text) {
    if (!m_text.substr(m_at).starts_with(text)) return false;
    m_at += text.size();
    return true;
}

Result<ModulePatternParser::Program> ModulePatternParser::parse() {
    if (m_text.size() > kMaxExpression) return unknown("more than 4,096 letters");
    for (const char c : m_text)
        if (static_cast<unsigned char>(c) >= 128) return unknown("letters outside ASCII");
    auto program = alternatives(0);
    if (!program) return program;
    if (!isAtEnd()) return wrong("a ) too many");
    program->push_back({Step::Match});
    program->shrink_to_fit(); // a configuration may hold thousands
    return program;
}

Result<ModulePatternParser::Program> ModulePatternParser::alternatives(int depth) {
    if (depth > kMaxDepth) return unknown("groups nested too deep");
    std::vector<Program> parts;
    std::size_t size = 0;
    do {
        auto part = sequence(depth);
        if (!part) return part;
        size += part->size() + 2;
        if (size > kMaxProgram) return unknown("too many alternatives");
        parts.push_back(std::move(*part));
    } while (take("|"));
    if (parts.size() == 1) return std::move(parts.front());
    if (auto spent = spend(size); !spent) return spent.error();
    const std::size_t end = size - 2; // the last has neither Split nor Jump
    Program program;
    program.reserve(end);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool isLast = i + 1 == parts.size();
        if (!isLast) program.push_back({Step::Split, 1, static_cast<std::int32_t>(parts[i].size()) + 2});
        program.insert(program.end(), parts[i].begin(), parts[i].end());
        if (!isLast) program.push_back({Step::Jump, static_cast<std::int32_t>(end - program.size())});
    }
    return program;
}

Result<ModulePatternParser::Program> ModulePatternParser::sequence(int depth) {
    Program program;
    while (!isAtEnd() && next() != '|' && next() != ')') {
        const std::size_t start = m_at;
        auto part = atom(depth);
        if (!part) return part;
        auto whole = repeated(std::move(*part), isPlace(m_text.substr(start, m_at - start)));
        if (!whole) return whole;
        if (auto spent = spend(whole->size()); !spent) return spent.error();
        program.insert(program.end(), whole->begin(), whole->end());
        if (program.size() > kMaxProgram) return unknown("too many repeats");
    }
    return program;
}

Result<ModulePatternParser::Program> ModulePatternParser::atom(int depth) {
    if (next() == '(') return group(depth);
    if (next() == '[') return letterClass();
    if (next() == '\\') return escaped();
    const char c = next();
    if (c == '*' || c == '+' || c == '?') return wrong("nothing to repeat");
    if (c == '{' && m_at + 1 < m_text.size()) {
        const std::size_t before = m_at;
        const auto found = bounds();
        if (!found) return found.error();
        if (*found) return wrong("nothing to repeat");
        m_at = before;
    }
    ++m_at;
    if (c == '^') return Program{{Step::Begin, 1}};
    if (c == '$') return Program{{Step::End, 1}};
    if (c == '.') return Program{{Step::Letter, 0, 0, ~one('\n')}};
    return Program{{Step::Letter, 0, 0, one(c)}};
}

Result<ModulePatternParser::Program> ModulePatternParser::group(int depth) {
    ++m_at;
    std::optional<Step> look;
    if (take("?=")) {
        look = Step::LookAhead;
    } else if (take("?!")) {
        look = Step::NegativeLook;
    } else if (take("?P<")) {
        const std::size_t end = m_text.find('>', m_at);
        if (end == std::string_view::npos || end == m_at) return wrong("a group without a name");
        m_at = end + 1;
    } else if (!take("?:") && next() == '?') {
        return unknown("a group of the kind " + quotedText("(" + std::string(m_text.substr(m_at, 2))));
    }
    auto inner = alternatives(depth + 1);
    if (!inner) return inner;
    if (!take(")")) return wrong("a ( without its )");
    if (!look) return inner;
    if (auto spent = spend(inner->size()); !spent) return spent.error();
    Program program{{*look, static_cast<std::int32_t>(inner->size()) + 2}};
    program.insert(program.end(), inner->begin(), inner->end());
    program.push_back({Step::Match});
    return program;
}

Result<ModulePatternParser::Program> ModulePatternParser::escaped() {
    if (take("\\b")) return Program{{Step::WordBorder, 1}};
    if (take("\\B")) return Program{{Step::NoWordBorder, 1}};
    if (take("\\A")) return Program{{Step::Begin, 1}};
    if (take("\\Z")) return Program{{Step::End, 1}};
    const auto letters = escapedLetters();
    if (!letters) return letters.error();
    return Program{{Step::Letter, 0, 0, *letters}};
}

Result<Letters> ModulePatternParser::escapedLetters() {
    if (m_at + 1 >= m_text.size()) return wrong("a \\ without a letter");
    const char c = m_text[m_at + 1];
    m_at += 2;
    if (const auto named = namedClass(c)) return *named;
    if (const auto control = controlLetter(c)) return one(*control);
    if (isLetterOrDigit(c)) return unknown(std::string("\\") + c);
    return one(c);
}

Result<Letters> ModulePatternParser::classItem() {
    if (next() != '\\') return one(m_text[m_at++]);
    if (take("\\b")) return one('\b');
    return escapedLetters();
}

Result<ModulePatternParser::Program> ModulePatternParser::letterClass() {
    ++m_at;
    const bool isNegated = take("^");
    Letters letters;
    for (bool isFirst = true; isFirst || next() != ']'; isFirst = false) {
        if (isAtEnd()) return wrong("a [ without its ]");
        const auto from = classItem();
        if (!from) return from.error();
        letters |= *from;
        if (next() != '-' || m_at + 1 >= m_text.size() || m_text[m_at + 1] == ']') continue;
        ++m_at;
        const auto to = classItem();
        if (!to) return to.error();
        if (from->count() != 1 || to->count() != 1) return wrong("a range without ends");
        const std::size_t first = firstOf(*from);
        const std::size_t last = firstOf(*to);
        if (first > last) return wrong("a range from last to first");
        letters |= range(static_cast<char>(first), static_cast<char>(last));
    }
    ++m_at;
    return Program{{Step::Letter, 0, 0, isNegated ? ~letters : letters}};
}

Result<ModulePatternParser::Program> ModulePatternParser::repeated(Program part, bool isPlace) {
    Bounds found;
    if (take("*")) {
        found = {0, std::nullopt};
    } else if (take("+")) {
        found = {1, std::nullopt};
    } else if (take("?")) {
        found = {0, 1};
    } else {
        const auto braced = bounds();
        if (!braced) return braced.error();
        if (!*braced) return part;
        found = **braced;
    }
    if (isPlace) return wrong("nothing to repeat");
    if (take("+")) return unknown("a repeat that gives nothing back");
    take("?"); // lazy or not, the same names match
    const std::size_t here = m_at;
    const auto more = bounds();
    if (!more) return more.error();
    if (*more || next() == '*' || next() == '+' || next() == '?') {
        m_at = here;
        return wrong("a repeat of a repeat");
    }
    auto whole = times(part, found);
    if (!whole) return whole;
    if (auto spent = spend(whole->size()); !spent) return spent.error();
    return whole;
}

Result<std::optional<ModulePatternParser::Bounds>> ModulePatternParser::bounds() {
    const std::size_t start = m_at;
    const auto number = [&]() -> std::optional<std::size_t> {
        std::size_t value = 0;
        const auto parsed = std::from_chars(m_text.data() + m_at, m_text.data() + m_text.size(), value);
        const auto read = static_cast<std::size_t>(parsed.ptr - (m_text.data() + m_at));
        m_at += read;
        if (read == 0) return std::nullopt;
        return parsed.ec == std::errc{} ? value : kMaxProgram + 1;
    };
    if (!take("{") || next() == '}') {
        m_at = start;
        return std::optional<Bounds>();
    }
    Bounds found;
    const auto least = number();
    found.least = least.value_or(0);
    const bool hasComma = take(",");
    found.most = hasComma ? number() : least;
    if (!take("}") || (!least && !hasComma)) {
        m_at = start;
        return std::optional<Bounds>();
    }
    if (found.most && *found.most < found.least) return wrong("a repeat from more to less");
    return std::optional(found);
}

Result<ModulePatternParser::Program> ModulePatternParser::times(const Program& part,
                                                                const Bounds& bounds) const {
    const std::size_t copies = bounds.most ? *bounds.most : bounds.least + 1;
    if (copies > kMaxProgram || copies * (part.size() + 2) > kMaxProgram) return unknown("too many repeats");
    const auto size = static_cast<std::int32_t>(part.size());
    Program program;
    const auto append = [&] { program.insert(program.end(), part.begin(), part.end()); };
    for (std::size_t i = 0; i < bounds.least; ++i)
        append();
    if (!bounds.most) {
        program.push_back({Step::Split, 1, size + 2});
        append();
        program.push_back({Step::Jump, -(size + 1)});
        return program;
    }
    for (std::size_t i = bounds.least; i < *bounds.most; ++i) {
        program.push_back({Step::Split, 1, size + 1});
        append();
    }
    return program;
}

} // namespace llamahome::formats
