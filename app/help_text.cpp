#include <algorithm>
#include <sstream>

#include "app/command_line.h"
#include "app/help_words.h"
#include "app/text_width.h"

namespace llamahome::app {
namespace {

constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidestName = 30;

/// "name   text", the text wrapped and aligned; a long name gets its own line.
void addEntry(std::string& out, const std::string& name, const std::string& text, std::size_t column,
              std::size_t width) {
    const std::size_t textWidth = std::max(kNarrowest, width > column ? width - column : 0);
    std::string line = "  " + name;
    if (displayWidth(line) + 2 > column) {
        out += line + "\n";
        line.clear();
    }
    for (const std::string& part : wrapped(text, textWidth)) {
        out += padded(line, column) + part + "\n";
        line.clear();
    }
}

void addArguments(std::string& out, const std::string& title, const CommandSpec& spec, bool positional,
                  std::size_t column, std::size_t width) {
    bool hasTitle = false;
    for (const ArgumentSpec& argument : spec.arguments) {
        if (argument.isPositional() != positional) continue;
        if (!hasTitle) out += "\n" + title + ":\n";
        hasTitle = true;
        addEntry(out, argumentName(argument), argumentHelp(argument), column, width);
    }
}

std::size_t nameColumn(const CommandSpec& spec) {
    std::size_t longest = 0;
    for (const ArgumentSpec& argument : spec.arguments)
        longest = std::max(longest, displayWidth(argumentName(argument)));
    for (const CommandSpec& child : spec.commands)
        longest = std::max(longest, displayWidth(child.name));
    return std::min(longest, kWidestName) + 4;
}

} // namespace

std::string argumentName(const ArgumentSpec& argument) {
    if (argument.isPositional() || argument.isFlag()) return argument.name;
    return argument.name + " " + argument.metavar + (argument.maximum == kManyValues ? "…" : "");
}

std::string argumentHelp(const ArgumentSpec& argument) {
    std::string text = argument.help;
    if (argument.repeatable) text += "; may be given several times";
    return argument.required ? text + " (required)" : text;
}

std::string usageWords(const std::vector<const CommandSpec*>& path) {
    const CommandSpec& spec = *path.back();
    std::string line = commandName(path);
    for (const ArgumentSpec& argument : spec.arguments) {
        if (!argument.isPositional()) continue;
        line += argument.required ? " " + argument.metavar : " [" + argument.metavar + "]";
    }
    for (const ArgumentSpec& argument : spec.arguments)
        if (!argument.isPositional() && argument.required) line += " " + argumentName(argument);
    line += " [options]";
    if (!spec.commands.empty()) line += spec.run ? " [COMMAND]" : " COMMAND";
    return line;
}

std::string helpText(const std::vector<const CommandSpec*>& path, int columns) {
    const CommandSpec& spec = *path.back();
    const auto width = static_cast<std::size_t>(std::clamp(columns, 60, 110));
    std::string out;
    for (const std::string& line : wrapped(spec.summary + ".", width))
        out += line + "\n";
    out += "\nUsage: " + usageWords(path) + "\n";
    if (!spec.description.empty()) {
        out += "\n";
        for (const std::string& line : wrapped(spec.description, width))
            out += line + "\n";
    }
    const std::size_t column = nameColumn(spec);
    addArguments(out, "Arguments", spec, true, column, width);
    if (!spec.commands.empty()) {
        out += "\nCommands:\n";
        for (const CommandSpec& child : spec.commands)
            if (!child.hidden) addEntry(out, child.name, child.summary, column, width);
    }
    addArguments(out, "Options", spec, false, column, width);
    addEntry(out += path.size() == 1 ? "" : "\n", path.size() == 1 ? "--version" : "-h, --help",
             path.size() == 1 ? "print the version"
                              : "print this text; options of the program itself: llamahome --help",
             column, width);
    std::istringstream example(spec.example);
    out += "\nExample:\n";
    for (std::string line; std::getline(example, line);)
        out += "  " + line + "\n";
    return out;
}

} // namespace llamahome::app
