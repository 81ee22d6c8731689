// Turns an expression into the program of a ModulePattern. Used by module_pattern.cpp alone; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "formats/peft/module_pattern.h"

namespace llamahome::formats {

/// By recursive descent. Each part gives a stretch of program that can be put behind, beside and around
/// others because its places are relative.
class ModulePatternParser {
public:
    using Program = ModulePattern::Program;

    ModulePatternParser(std::string_view expression, const std::string& what, ProgramBudget& budget)
        : m_text(expression)
        , m_what(what)
        , m_budget(budget) {}

    Result<Program> parse();

private:
    using Step = ModulePattern::Step;
    using Letters = ModulePattern::Letters;

    Result<Program> alternatives(int depth);
    Result<Program> sequence(int depth);
    Result<Program> atom(int depth);
    Result<Program> group(int depth);
    Result<Program> escaped();
    Result<Program> letterClass();
    Result<Letters> classItem();
    Result<Letters> escapedLetters();
    Result<Program> repeated(Program part, bool isPlace);
    /// {m}, {m,}, {,n} or {m,n}; nothing, and nothing taken, where the brace is a letter.
    struct Bounds {
        std::size_t least = 0;
        std::optional<std::size_t> most;
    };
    Result<std::optional<Bounds>> bounds();
    Result<Program> times(const Program& part, const Bounds& bounds) const;

    bool isAtEnd() const { return m_at >= m_text.size(); }
    char next() const { return isAtEnd() ? '\0' : m_text[m_at]; }
    bool take(std::string_view text);
    Error wrong(const std::string& text) const;
    Error unknown(const std::string& text) const;
    /// Takes steps that are about to be put into a program from the budget.
    Result<void> spend(std::size_t steps);

    std::string_view m_text;
    const std::string& m_what;
    ProgramBudget& m_budget;
    std::size_t m_at = 0;
};

} // namespace llamahome::formats
