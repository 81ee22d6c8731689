// ModulePattern: an expression of Python's `re`, as PEFT compares names of modules with. Immutable; any
// thread.
//
// The part of the language that such configurations use; what is not understood is refused, never guessed.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

/// Steps that comparisons may take together: a file's expressions cannot hold up the program.
struct MatchBudget {
    std::uint64_t steps = 200'000'000;

    bool isSpent() const { return steps == 0; }
    /// False, and spent, where there are not so many left.
    bool spend(std::uint64_t count) {
        const bool isEnough = steps >= count && steps > 0;
        steps -= isEnough ? count : steps;
        return isEnough;
    }
};

/// Steps of program that expressions may be put together from, each counted whenever it is copied: a file's
/// expressions fill no memory and end soon.
struct ProgramBudget {
    std::size_t steps = 50'000;
};

class ModulePattern {
public:
    /// Letters, `.`, classes, groups, alternatives, repeats (greedy and lazy), `^ $ \b \B \A \Z` and looking
    /// ahead. PEFT-01: no expression to Python either; PEFT-02: back references, flags, looking behind,
    /// atomic groups, letters outside ASCII, more than 4,000 steps of program, or more than the budget holds.
    /// `what` names it in messages.
    static Result<ModulePattern> compile(std::string_view expression, const std::string& what,
                                         ProgramBudget& budget);
    /// One expression with a budget of its own.
    static Result<ModulePattern> compile(std::string_view expression, const std::string& what);

    /// re.fullmatch. The time is linear in the name, but for expressions that look ahead. False, too, once
    /// the budget is spent: look at it.
    bool matches(std::string_view name, MatchBudget& budget) const;

private:
    friend class ModulePatternParser;

    using Letters = std::bitset<128>;
    enum class Step : std::uint8_t {
        Letter,       ///< one of `letters`
        Split,        ///< go on at both places
        Jump,         ///< go on at the first place
        Begin,        ///< of the name
        End,          ///< of the name
        WordBorder,   ///< between a letter, digit or _ and something else
        NoWordBorder, ///< elsewhere
        LookAhead,    ///< what begins behind this matches here; go on at the first place
        NegativeLook, ///< it does not
        Match,        ///< of the whole, or of what is looked ahead for
    };
    /// Places are relative to the step's own.
    struct Instruction {
        Step step = Step::Match;
        std::int32_t first = 0;
        std::int32_t second = 0;
        Letters letters = {};
    };
    using Program = std::vector<Instruction>;

    explicit ModulePattern(Program program)
        : m_program(std::move(program)) {}
    /// Whether a Match is reached from there, for the whole only at the name's end.
    bool reaches(std::size_t place, std::size_t position, std::string_view name, bool isWhole,
                 MatchBudget& budget) const;
    bool holds(const Instruction& instruction, std::size_t place, std::size_t position, std::string_view name,
               MatchBudget& budget) const;

    Program m_program;
};

} // namespace llamahome::formats
