#include "formats/peft/module_pattern.h"

#include <utility>

#include "formats/peft/module_pattern_parser.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kPlacesCleared = 64; ///< in the time of a step

bool isWordLetter(std::string_view name, std::size_t position) {
    if (position >= name.size()) return false;
    const char c = name[position];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool isWordBorder(std::string_view name, std::size_t position) {
    return (position > 0 && isWordLetter(name, position - 1)) != isWordLetter(name, position);
}

} // namespace

Result<ModulePattern> ModulePattern::compile(std::string_view expression, const std::string& what,
                                             ProgramBudget& budget) {
    auto program = ModulePatternParser(expression, what, budget).parse();
    if (!program) return program.error();
    return ModulePattern(std::move(*program));
}

Result<ModulePattern> ModulePattern::compile(std::string_view expression, const std::string& what) {
    ProgramBudget budget;
    return compile(expression, what, budget);
}

bool ModulePattern::matches(std::string_view name, MatchBudget& budget) const {
    return reaches(0, 0, name, /*isWhole=*/true, budget);
}

bool ModulePattern::holds(const Instruction& instruction, std::size_t place, std::size_t position,
                          std::string_view name, MatchBudget& budget) const {
    switch (instruction.step) {
    case Step::Begin:
        return position == 0;
    case Step::End:
        return position == name.size();
    case Step::WordBorder:
        return isWordBorder(name, position);
    case Step::NoWordBorder:
        return !isWordBorder(name, position);
    case Step::LookAhead:
        return reaches(place + 1, position, name, /*isWhole=*/false, budget);
    case Step::NegativeLook:
        return !reaches(place + 1, position, name, /*isWhole=*/false, budget);
    default:
        return true;
    }
}

bool ModulePattern::reaches(std::size_t start, std::size_t from, std::string_view name, bool isWhole,
                            MatchBudget& budget) const {
    const std::size_t width = name.size() + 1;
    if (!budget.spend(m_program.size() * width / kPlacesCleared)) return false;
    std::vector<bool> seen(m_program.size() * width);
    std::vector<std::pair<std::size_t, std::size_t>> open{{start, from}};
    const auto go = [&](std::size_t place, std::size_t position) {
        if (!seen[place * width + position]) open.emplace_back(place, position);
        seen[place * width + position] = true;
    };
    while (!open.empty()) {
        if (!budget.spend(1)) return false;
        const std::size_t place = open.back().first;
        const std::size_t position = open.back().second;
        open.pop_back();
        const Instruction& instruction = m_program[place];
        const auto at = [&](std::int32_t offset) {
            return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(place) + offset);
        };
        if (instruction.step == Step::Match) {
            if (!isWhole || position == name.size()) return true;
        } else if (instruction.step == Step::Letter) {
            const auto c = position < name.size() ? static_cast<unsigned char>(name[position]) : 128U;
            if (c < instruction.letters.size() && instruction.letters[c]) go(place + 1, position + 1);
        } else if (holds(instruction, place, position, name, budget)) {
            go(at(instruction.first), position);
            if (instruction.step == Step::Split) go(at(instruction.second), position);
        }
    }
    return false;
}

} // namespace llamahome::formats
