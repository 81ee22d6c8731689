#include "app/completion.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/shell_quote.h"

namespace llamahome::app {
namespace {

using Path = std::vector<const CommandSpec*>;

/// Calls `visit` for the program and every visible command below it, parents first.
template <typename Visit>
void forEachCommand(const CommandSpec& spec, const Path& parents, const Visit& visit) {
    Path path = parents;
    path.push_back(&spec);
    visit(path);
    for (const CommandSpec& child : spec.commands)
        if (!child.hidden) forEachCommand(child, path, visit);
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : std::string(separator)) + word;
    return text;
}

std::string pathKey(const Path& path) {
    std::vector<std::string> names;
    for (const CommandSpec* spec : path)
        names.push_back(spec->name);
    return joined(names, "/");
}

/// Options that are accepted at the end of `path`: its own, and the program's.
std::vector<const ArgumentSpec*> optionsOf(const Path& path) {
    std::vector<const ArgumentSpec*> options;
    for (const CommandSpec* spec : {path.back(), path.front()}) {
        for (const ArgumentSpec& argument : spec->arguments)
            if (!argument.isPositional()) options.push_back(&argument);
        if (path.size() == 1) break;
    }
    return options;
}

std::vector<std::string> commandNames(const CommandSpec& spec) {
    std::vector<std::string> names;
    for (const CommandSpec& child : spec.commands)
        if (!child.hidden) names.push_back(child.name);
    return names;
}

std::string bashScript(const CommandSpec& program) {
    std::string descend;
    std::string values;
    std::string words;
    forEachCommand(program, {}, [&](const Path& path) {
        const std::string key = pathKey(path);
        for (const std::string& child : commandNames(*path.back()))
            descend += "            " + key + "/" + child + ") path=" + key + "/" + child + " ;;\n";
        std::vector<std::string> offered = commandNames(*path.back());
        for (const ArgumentSpec* option : optionsOf(path)) {
            offered.push_back(option->name);
            if (option->isFlag()) continue;
            const std::string pattern = "        " + shellQuoted(key + " " + option->name) + ") ";
            const std::string action = !option->choices.empty()
                                           ? "compgen -W " + shellQuoted(joined(option->choices, " "))
                                       : option->kind == ValueKind::Folder ? "compgen -d"
                                       : option->kind == ValueKind::File   ? "compgen -f"
                                                                           : "";
            if (action.empty())
                values += pattern + "COMPREPLY=(); return ;;\n";
            else
                values += pattern + "mapfile -t COMPREPLY < <(" + action + " -- \"$current\"); return ;;\n";
        }
        offered.push_back("--help");
        words += "        " + key + ") words=" + shellQuoted(joined(offered, " ")) + " ;;\n";
    });
    return "# bash completion for " + program.name +
           "; made by: llamahome completion bash\n"
           "_llamahome() {\n"
           "    local current previous path words='' index\n"
           "    current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
           "    previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
           "    path=llamahome\n"
           "    for ((index = 1; index < COMP_CWORD; ++index)); do\n"
           "        case \"$path/${COMP_WORDS[index]}\" in\n" +
           descend +
           "        esac\n"
           "    done\n"
           "    case \"$path $previous\" in\n" +
           values +
           "    esac\n"
           "    case \"$path\" in\n" +
           words +
           "    esac\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o default -F _llamahome llamahome\n";
}

/// Text inside the brackets of an _arguments specification.
std::string zshText(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zshOption(const ArgumentSpec& option) {
    std::string spec = (option.repeatable ? "*" : "") + option.name + "[" + zshText(option.help) + "]";
    if (!option.isFlag()) {
        const std::string action = !option.choices.empty()          ? "(" + joined(option.choices, " ") + ")"
                                   : option.kind == ValueKind::File ? "_files"
                                   : option.kind == ValueKind::Folder ? "_files -/"
                                                                      : " ";
        spec += ":" + zshText(option.metavar) + ":" + action;
    }
    return shellQuoted(spec);
}

std::string zshFunctionName(const Path& path) {
    std::string name;
    for (const CommandSpec* spec : path)
        name += "_" + spec->name;
    return name;
}

std::string zshScript(const CommandSpec& program) {
    std::string functions;
    forEachCommand(program, {}, [&](const Path& path) {
        const CommandSpec& spec = *path.back();
        std::string options;
        for (const ArgumentSpec* option : optionsOf(path))
            options += " \\\n        " + zshOption(*option);
        functions += zshFunctionName(path) + "() {\n";
        if (commandNames(spec).empty()) {
            functions += "    _arguments -s" + options + " \\\n        '*:argument:_files'\n}\n";
            return;
        }
        functions += "    local context state state_descr line\n    typeset -A opt_args\n    _arguments -C" +
                     options +
                     " \\\n        '1:command:->command' '*::argument:->argument'\n    case $state in\n"
                     "        command) local -a commands=(";
        for (const CommandSpec& child : spec.commands)
            if (!child.hidden) functions += "\n            " + shellQuoted(child.name + ":" + child.summary);
        functions += ")\n            _describe command commands ;;\n        argument) case $words[1] in\n";
        for (const std::string& child : commandNames(spec))
            functions += "            " + child + ") " + zshFunctionName(path) + "_" + child + " ;;\n";
        functions += "        esac ;;\n    esac\n}\n";
    });
    return "#compdef llamahome\n# zsh completion for llamahome; made by: llamahome completion zsh\n" +
           functions +
           "# Sourced, it announces itself; found as a file of the name _llamahome, it is called at once.\n"
           "if [[ $funcstack[1] == _llamahome ]]; then _llamahome \"$@\"; else compdef _llamahome llamahome; "
           "fi\n";
}

/// Inside single quotes of fish, where only quote and backslash are special.
std::string fishQuoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string fishCondition(const Path& path) {
    if (path.size() == 1) return "__fish_use_subcommand";
    std::string condition;
    for (std::size_t i = 1; i < path.size(); ++i)
        condition += (i > 1 ? "; and " : "") + std::string("__fish_seen_subcommand_from ") + path[i]->name;
    return condition;
}

std::string fishScript(const CommandSpec& program) {
    std::string out = "# fish completion for llamahome; made by: llamahome completion fish\n";
    forEachCommand(program, {}, [&](const Path& path) {
        const std::string start = "complete -c llamahome -n " + fishQuoted(fishCondition(path));
        for (const CommandSpec& child : path.back()->commands)
            if (!child.hidden)
                out += start + " -f -a " + child.name + " -d " + fishQuoted(child.summary) + "\n";
        for (const ArgumentSpec* option : optionsOf(path)) {
            std::string line = start + " -l " + option->name.substr(2) + " -d " + fishQuoted(option->help);
            if (!option->choices.empty())
                line += " -x -a " + fishQuoted(joined(option->choices, " "));
            else if (!option->isFlag())
                line += option->kind == ValueKind::Text ? " -x" : " -r -F";
            out += line + "\n";
        }
    });
    return out;
}

} // namespace

Result<std::string> completionScript(const CommandSpec& program, const std::string& shell) {
    if (shell == "bash") return bashScript(program);
    if (shell == "zsh") return zshScript(program);
    if (shell == "fish") return fishScript(program);
    return Error{codes::kUsage, "completion: found shell '" + shell + "', expected bash, zsh or fish"};
}

} // namespace llamahome::app
