#include "app/man_page.h"

#include <cstdint>
#include <sstream>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "app/help_words.h"
#include "config/environment.h"
#include "core/utf8.h"

namespace llamahome::app {
namespace {

using Path = std::vector<const CommandSpec*>;

std::string escapedChar(char32_t codePoint) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (codePoint == U'\\') return "\\e";
    if (codePoint == U'-') return "\\-";
    if (codePoint == U'^') return "\\(ha";
    if (codePoint == U'~') return "\\(ti";
    if (codePoint == U'`') return "\\(ga";
    if (codePoint == U'\'') return "\\(aq";
    if (codePoint == U'"') return "\\(dq";
    if (codePoint == U'…') return "..."; // in options and their values, which people copy
    if (codePoint < 0x80) return std::string(1, static_cast<char>(codePoint));
    std::string digits;
    for (auto rest = static_cast<std::uint32_t>(codePoint); rest > 0 || digits.size() < 4; rest >>= 4)
        digits.insert(digits.begin(), kDigits[rest & 0xF]);
    return "\\[u" + digits + "]";
}

/// Text of one roff line: nothing in it is a request, a hyphen is the character that people type.
std::string escaped(std::string_view text) {
    std::string out = text.starts_with('.') ? "\\&" : "";
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char character = decodeUtf8(text, at);
        out += character.codePoint == U'\n' ? " " : escapedChar(character.codePoint);
        at += character.length;
    }
    return out;
}

std::string paragraph(const std::string& text) {
    return ".PP\n" + escaped(text) + "\n";
}

/// Lines as they stand, for shell examples.
std::string verbatim(const std::string& lines) {
    std::string out = ".PP\n.RS 4\n.EX\n";
    std::istringstream rest(lines);
    for (std::string line; std::getline(rest, line);)
        out += escaped(line) + "\n";
    return out + ".EE\n.RE\n";
}

std::string entry(const std::string& name, const std::string& text) {
    return ".TP\n\\fB" + escaped(name) + "\\fR\n" + escaped(text) + "\n";
}

std::string argumentEntries(const CommandSpec& spec) {
    std::string out;
    for (const bool positional : {true, false})
        for (const ArgumentSpec& argument : spec.arguments)
            if (argument.isPositional() == positional)
                out += entry(argumentName(argument), argumentHelp(argument));
    return out;
}

/// The command at the end of `parents` + `spec`, then those below it.
std::string commandSections(const CommandSpec& spec, const Path& parents) {
    Path path = parents;
    path.push_back(&spec);
    std::string out;
    if (!parents.empty()) {
        out = ".SS " + escaped(commandName(path)) + "\n" + escaped(spec.summary + ".") + "\n";
        out += ".PP\nUsage: \\fB" + escaped(usageWords(path)) + "\\fR\n";
        if (!spec.description.empty()) out += paragraph(spec.description);
        out += argumentEntries(spec);
        if (!spec.example.empty()) out += verbatim(spec.example);
    }
    for (const CommandSpec& child : spec.commands)
        if (!child.hidden) out += commandSections(child, path);
    return out;
}

std::string environmentEntries() {
    std::string out;
    for (const config::EnvironmentVariable& variable : config::environmentVariables())
        out += entry(variable.name, variable.effect);
    return out;
}

constexpr const char* kFiles =
    ".SH FILES\n"
    ".TP\n\\fI\\(ti/.local/share/llamahome/\\fR\n"
    "Data root: models, adapters, training data and runs, below \\fIdata/\\fR. "
    "\\fB\\-\\-root\\fR, \\fBLLAMAHOME_ROOT\\fR and the settings can name another one. "
    "Removing the program leaves it alone.\n"
    ".TP\n\\fI\\(ti/.config/llamahome/\\fR\n"
    "The user\\(aqs settings; \\fBllamahome config edit\\fR changes them.\n"
    ".TP\n\\fI\\(ti/.local/state/llamahome/\\fR\nLog files, and how the window was left.\n"
    ".TP\n\\fI../share/llamahome/\\fR, seen from the program\n"
    "What comes with it: default settings, the catalog of models, sample data.\n";

constexpr const char* kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n\\fB0\\fR\nDone.\n"
    ".TP\n\\fB1\\fR\nThe work failed: a damaged file, bad rows in the data, a loss that is no number, "
    "network.\n"
    ".TP\n\\fB2\\fR\nWrong usage or settings.\n"
    ".TP\n\\fB3\\fR\nNo such model, run or file.\n"
    ".TP\n\\fB4\\fR\nInterrupted; \\fBllamahome resume\\fR goes on.\n"
    ".TP\n\\fB5\\fR\nRefused before starting: disk, memory, permission, lock.\n";

} // namespace

std::string manPage(const CommandSpec& program, const std::string& version) {
    std::string out = ".\\\" Made from the command tree by: llamahome man\\-page\n";
    out += ".TH LLAMAHOME 1 \"\" \"LlamaHome " + escaped(version) + "\" \"User Commands\"\n";
    out += ".nh\n.ad l\n"; // commands and paths are never broken or stretched
    out += ".SH NAME\nllamahome \\- " + escaped(program.summary) + "\n";
    out += ".SH SYNOPSIS\n\\fBllamahome [options] [PATH]\\fR\n.PP\n\\fB" + escaped(usageWords({&program})) +
           "\\fR\n";
    out += ".SH DESCRIPTION\n";
    out += escaped("Gets a Llama-architecture model, checks it, fine-tunes it with LoRA on your own data and "
                   "talks to it, all on this machine.") +
           "\n";
    if (!program.description.empty()) out += paragraph(program.description);
    out += paragraph(
        "Every job of the window can be done with the commands below, on the same code, defaults and "
        "folders.");
    out += ".SH OPTIONS\nThese may stand before or after the command.\n" + argumentEntries(program);
    out += entry("-h, --help", "print the help of the program, or of the command before it");
    out += entry("--version", "print the version");
    out += ".SH COMMANDS\n" + commandSections(program, {});
    out += ".SH ENVIRONMENT\n" + environmentEntries();
    out += kFiles;
    out += kExitStatus;
    if (!program.example.empty()) out += ".SH EXAMPLES\n" + verbatim(program.example);
    return out;
}

} // namespace llamahome::app
