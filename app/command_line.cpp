#include "app/command_line.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "config/nearest_name.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

/// "train: " before what is said about a command; nothing about the program itself.
std::string subject(const std::vector<const CommandSpec*>& path) {
    const std::vector<const CommandSpec*> commands(path.begin() + 1, path.end());
    return commands.empty() ? "" : commandName(commands) + ": ";
}

std::string nextStep(const std::vector<const CommandSpec*>& path) {
    return "; see " + commandName(path) + " --help";
}

/// One option of CLI11 with the description it was made from.
struct Binding {
    CLI::Option* option = nullptr;
    const ArgumentSpec* argument = nullptr;
};

/// A CLI11 tree with the same shape as the command tree. CLI11 only splits words: values stay text.
struct Parser {
    CLI::App root{"", "llamahome"};
    std::vector<Binding> bindings;
    std::vector<std::pair<const CLI::App*, const CommandSpec*>> commands;
    CLI::Option* version = nullptr;

    void addArgument(CLI::App& app, const ArgumentSpec& argument) {
        if (argument.isFlag()) {
            bindings.push_back({app.add_flag(argument.name)->disable_flag_override(), &argument});
            return;
        }
        CLI::Option* option =
            app.add_option(argument.name, CLI::callback_t([](const auto&) { return true; }));
        option->type_size(1);
        // CLI11 takes any number of words for a positional of several; takeValues() counts them.
        const bool isOpen =
            argument.maximum == kManyValues || (argument.isPositional() && argument.maximum > 1);
        if (argument.maximum == 1 && argument.repeatable)
            option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        else if (argument.maximum == 1)
            option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        else
            option->expected(argument.minimum, isOpen ? -1 : argument.maximum);
        option->allow_extra_args(isOpen);
        option->required(argument.required);
        bindings.push_back({option, &argument});
    }

    void addCommand(CLI::App& app, const CommandSpec& spec) {
        commands.emplace_back(&app, &spec);
        app.set_help_flag("-h,--help");
        app.fallthrough();
        app.require_subcommand(0, 1);
        for (const ArgumentSpec& argument : spec.arguments)
            addArgument(app, argument);
        for (const CommandSpec& child : spec.commands)
            addCommand(*app.add_subcommand(child.name), child);
    }

    explicit Parser(const CommandSpec& program) {
        addCommand(root, program);
        version = root.add_flag("--version");
    }

    std::vector<const CommandSpec*> chosenPath() const {
        std::vector<const CommandSpec*> path;
        for (const auto& [app, spec] : commands)
            if (app == &root || app->parsed()) path.push_back(spec);
        return path;
    }

    Result<void> takeValues(const std::vector<const CommandSpec*>& path) const {
        for (const auto& [option, argument] : bindings) {
            if (option->count() == 0) continue;
            const std::vector<std::string>& values = option->results();
            if (argument->isPositional() && values.size() > static_cast<std::size_t>(argument->maximum))
                return Error{codes::kUsage, subject(path) + "unexpected argument '" +
                                                values[static_cast<std::size_t>(argument->maximum)] + "'" +
                                                nextStep(path)};
            if (argument->take) argument->take(argument->isFlag() ? std::vector<std::string>{} : values);
        }
        return {};
    }
};

/// Names that the user may have meant: options of the chain, or commands of its end.
std::vector<std::string> candidates(const std::vector<const CommandSpec*>& path, bool options) {
    std::vector<std::string> names;
    if (!options) {
        for (const CommandSpec& child : path.back()->commands)
            if (!child.hidden) names.push_back(child.name);
        return names;
    }
    for (const CommandSpec* spec : path)
        for (const ArgumentSpec& argument : spec->arguments)
            if (!argument.isPositional()) names.push_back(argument.name);
    return names;
}

Error unexpectedWord(const std::vector<const CommandSpec*>& path, const std::string& word) {
    const bool isOption = word.size() > 1 && word.front() == '-';
    const bool isCommand = !isOption && !path.back()->commands.empty();
    const std::string kind = isOption    ? "unknown option"
                             : isCommand ? "unknown command"
                                         : "unexpected argument";
    std::string message = subject(path) + kind + " '" + word + "'";
    const auto names = candidates(path, isOption);
    const std::string nearest =
        isOption || isCommand ? config::nearestName(word.substr(0, word.find('=')), names) : "";
    if (!nearest.empty()) message += "; nearest is '" + nearest + "'";
    return Error{codes::kUsage, message + nextStep(path)};
}

Error parseFailure(const Parser& parser, const CLI::ParseError& failure) {
    const auto path = parser.chosenPath();
    if (dynamic_cast<const CLI::ExtrasError*>(&failure) != nullptr) {
        const std::vector<std::string> left = parser.root.remaining(true);
        if (!left.empty()) return unexpectedWord(path, left.front());
    }
    for (const auto& [option, argument] : parser.bindings) {
        if (!argument->required || option->count() > 0) continue;
        const auto& own = path.back()->arguments;
        const bool isOwn =
            std::any_of(own.begin(), own.end(), [a = argument](const auto& x) { return &x == a; });
        if (isOwn)
            return Error{codes::kUsage, subject(path) + argument->name + " is missing (" + argument->help +
                                            ")" + nextStep(path)};
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&failure) != nullptr) {
        const std::string words = failure.what();
        const std::string name = words.substr(0, words.find(':'));
        for (const auto& [option, argument] : parser.bindings)
            if (argument->name == name && option->count() == 0)
                return Error{codes::kUsage, subject(path) + name + ": found no value, expected one (" +
                                                argument->help + ")" + nextStep(path)};
    }
    std::string what = failure.what();
    std::replace(what.begin(), what.end(), '\n', ' ');
    return Error{codes::kUsage, subject(path) + what + nextStep(path)};
}

} // namespace

std::string commandName(const std::vector<const CommandSpec*>& path) {
    std::string name;
    for (const CommandSpec* spec : path)
        name += (name.empty() ? "" : " ") + spec->name;
    return name;
}

Result<ParsedCommandLine> parseCommandLine(const CommandSpec& program,
                                           const std::vector<std::string>& words) {
    Parser parser(program);
    ParsedCommandLine parsed;
    try {
        parser.root.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
        parsed.wish = ParsedCommandLine::Wish::Help;
    } catch (const CLI::ParseError& failure) {
        return parseFailure(parser, failure);
    }
    parsed.path = parser.chosenPath();
    if (parser.version->count() > 0) parsed.wish = ParsedCommandLine::Wish::Version;
    if (parsed.wish != ParsedCommandLine::Wish::Run) return parsed;
    if (Result<void> taken = parser.takeValues(parsed.path); !taken) return taken.error();
    return parsed;
}

} // namespace llamahome::app
